import type { Convention } from '../../metrics/conventions/conventions.js';
import type { Counter } from '../../metrics/counter.js';
import { UNMATCHED_PATTERN } from '../../metrics/label-values.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { ErrorClasses } from '../error-class.js';
import { OperationMetrics } from '../operation-metrics.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import { type MeasuredOperation, messageOperation } from './measured-handler.js';
import { formatPattern } from './message-pattern.js';
import type { RpcMetricsOptions } from './rpc.options.js';
import { RPC_METRICS } from '../../metrics/metric-names.js';

/** Upper limit for values that come from data instead of code. */
const MAX_PATTERNS = 1_000;

/** The metrics of microservice messages and events. */
export class RpcRecorder {
  private readonly operations: OperationMetrics<'transport' | 'pattern'>;
  private readonly errors: Counter<'handler' | 'error'>;
  private readonly patterns = new BoundedLabelValues(MAX_PATTERNS);
  private readonly errorClasses = new ErrorClasses();

  constructor(
    private readonly registry: MetricsRegistry,
    { buckets }: Required<RpcMetricsOptions>,
    private readonly records?: OperationRecorder,
    private readonly convention: Convention = 'prometheus',
  ) {
    this.operations = new OperationMetrics(registry, {
      total: [
        RPC_METRICS.requests,
        'Messages and events received by microservice handlers, by outcome: success, error or cancelled.',
      ],
      duration: [
        RPC_METRICS.duration,
        'Duration of microservice handlers, with guards, pipes and the whole reply, in seconds.',
      ],
      inProgress: [
        'rpc_server_requests_in_progress',
        'Messages and events that microservice handlers are processing.',
      ],
      labelNames: ['transport', 'pattern'],
      groupNames: ['transport'],
      buckets,
    });
    this.errors = registry.counter(
      'rpc_server_errors_total',
      'Exceptions thrown by microservice handlers, guards, pipes and interceptors, by class.',
      { labelNames: ['handler', 'error'] },
    );
  }

  /** Returns the operation of one pattern. */
  operation(transport: string, pattern: string): MeasuredOperation {
    const identity = { name: `${transport} ${pattern}`, metrics: 'rpc' } as const;
    return messageOperation(this.operations, { transport, pattern }, identity, this.records);
  }

  /** Counts a message without a handler. */
  countUnmatched(transport: string): void {
    // In the semantic conventions, the histogram is the only count of calls.
    const isTimed = this.convention !== 'prometheus';
    this.operations.countUnstarted({ transport, pattern: UNMATCHED_PATTERN }, 'error', isTimed);
  }

  /** Returns the label value of a pattern. */
  patternOf(pattern: unknown): string {
    return this.patterns.of(formatPattern(pattern));
  }

  /** Counts an exception of the current message. @param handler the handler, as `Class.method` */
  countError(handler: string, exception: unknown): void {
    this.records?.operations.handled(exception, handler);
    this.errors.inc({ handler, error: this.errorClasses.of(exception) });
    this.registry.errors?.observe(exception, 'message', handler);
  }
}
