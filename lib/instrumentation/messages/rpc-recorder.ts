import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { type Operation, Operations } from '../operations.js';
import type { RpcMetricsOptions } from './rpc.options.js';

/** The one `pattern` of every message that no handler of the application is for. */
export const UNMATCHED_PATTERN = '<unmatched>';

/** Counts and times the messages that microservice handlers get. */
export class RpcRecorder {
  private readonly operations: Operations<'transport' | 'pattern'>;
  private readonly errors: Counter<'handler' | 'error'>;

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

  countError(handler: string, exception: unknown): void {
    this.errors.inc({ handler, error: errorClass(exception) });
  }
}
