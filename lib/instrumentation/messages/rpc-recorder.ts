import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { LabelValues } from '../../primitives/label-values.js';
import { ErrorClasses } from '../error-class.js';
import { type Operation, Operations } from '../operations.js';
import { patternText } from './pattern.js';
import type { RpcMetricsOptions } from './rpc.options.js';

/** The one `pattern` of every message that no handler of the application is for. */
export const UNMATCHED_PATTERN = '<unmatched>';

/** An application has as many as its code has handlers; more are made of data. */
const MAX_PATTERNS = 1_000;

/** Counts and times the messages that microservice handlers get. */
export class RpcRecorder {
  private readonly operations: Operations<'transport' | 'pattern'>;
  private readonly errors: Counter<'handler' | 'error'>;
  private readonly patterns = new LabelValues(MAX_PATTERNS);
  private readonly errorClasses = new ErrorClasses();

  constructor(registry: MetricsRegistry, { buckets }: Required<RpcMetricsOptions>) {
    this.operations = new Operations(registry, {
      total: [
        'rpc_server_requests_total',
        'Messages and events that microservice handlers were called for, by outcome: success, error or cancelled.',
      ],
      duration: [
        'rpc_server_request_duration_seconds',
        'Time from the call of a microservice handler, with its guards and pipes, to the end of its reply.',
      ],
      inProgress: [
        'rpc_server_requests_in_progress',
        'Messages and events that microservice handlers are working on.',
      ],
      labelNames: ['transport', 'pattern'],
      groupNames: ['transport'],
      buckets,
    });
    this.errors = registry.counter(
      'rpc_server_errors_total',
      'Exceptions of microservice handlers, their guards, pipes and interceptors, by class.',
      { labelNames: ['handler', 'error'] },
    );
  }

  operation(transport: string, pattern: string): Operation {
    return this.operations.operation({ transport, pattern });
  }

  countUnmatched(transport: string): void {
    this.operations.countUnstarted({ transport, pattern: UNMATCHED_PATTERN }, 'error');
  }

  /** Returns the label of a pattern. */
  patternOf(pattern: unknown): string {
    return this.patterns.of(patternText(pattern));
  }

  countError(handler: string, exception: unknown): void {
    this.errors.inc({ handler, error: this.errorClasses.of(exception) });
  }
}
