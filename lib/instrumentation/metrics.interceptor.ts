import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { DEFAULT_BUCKETS } from '../metrics/buckets.js';
import type { Counter } from '../metrics/counter.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { HANDLER_METRICS } from '../metrics/metric-names.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { type Measurement, trackCompletion } from '../primitives/track-completion.js';
import type { Guard } from '../primitives/guard.js';
import { ErrorClasses } from './error-class.js';
import { OperationMetrics } from './operation-metrics.js';

const MEASURED = Symbol.for('nestjs-monitoring.measured');

/**
 * An interceptor that times and counts the handlers it is bound to by `@UseInterceptors()`, by transport, class and
 * method.
 *
 * A handler with several bindings, such as on the class and on the method, is counted once per call. HTTP requests
 * and messages are measured without this interceptor; it adds metrics per handler. Calls that a guard rejects are
 * not counted, because Nest does not run interceptors for them.
 */
@Injectable()
export class MetricsInterceptor implements NestInterceptor {
  private readonly calls: OperationMetrics<'transport' | 'handler'>;
  private readonly errors: Counter<'transport' | 'handler' | 'error'>;
  private readonly errorClasses = new ErrorClasses();
  private readonly guard: Guard;
  private readonly measurements = new WeakMap<object, Map<string, Measurement>>();

  constructor(@Inject(MetricsRegistry) registry: MetricsRegistry) {
    this.guard = instrumentationGuard(registry, 'interceptor');
    this.calls = new OperationMetrics(registry, {
      total: [
        HANDLER_METRICS.calls,
        'Calls of handlers with MetricsInterceptor, by outcome: success, error or cancelled.',
      ],
      duration: [HANDLER_METRICS.duration, 'Duration of handlers with MetricsInterceptor, in seconds.'],
      inProgress: [
        'handler_calls_in_progress',
        'Calls of handlers with MetricsInterceptor that are in progress.',
      ],
      labelNames: ['transport', 'handler'],
      groupNames: ['transport'],
      buckets: DEFAULT_BUCKETS,
    });
    this.errors = registry.counter(
      'handler_errors_total',
      'Exceptions thrown by handlers with MetricsInterceptor, by class.',
      { labelNames: ['transport', 'handler', 'error'] },
    );
  }

  /** Measures one call of a handler. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const measurement = this.measurementOf(context);
    const result = next.handle();
    return measurement === undefined
      ? result
      : (trackCompletion(result, measurement, NaN) as Observable<unknown>);
  }

  /** Returns the measurement of a call, undefined if the call is already measured. Never throws. */
  private measurementOf(context: ExecutionContext & { [MEASURED]?: true }): Measurement | undefined {
    try {
      // Nest passes the same context to all interceptors of a call.
      if (context[MEASURED] === true) return undefined;
      context[MEASURED] = true;
      return this.measurementOfHandler(context);
    } catch (error) {
      this.guard.report(error);
      return undefined;
    }
  }

  private measurementOfHandler(context: ExecutionContext): Measurement {
    const type = context.getClass();
    let measurements = this.measurements.get(type);
    if (measurements === undefined) this.measurements.set(type, (measurements = new Map()));
    const transport = context.getType<string>();
    const method = context.getHandler().name;
    const key = `${transport} ${method}`;
    let measurement = measurements.get(key);
    if (measurement === undefined) {
      measurement = this.newMeasurement(transport, `${type.name}.${method}`);
      measurements.set(key, measurement);
    }
    return measurement;
  }

  private newMeasurement(transport: string, handler: string): Measurement {
    const call = this.calls.operation({ transport, handler });
    return {
      guard: this.guard,
      start: () => call.start(),
      end: (startedAt, outcome, detail) => {
        call.end(startedAt, outcome);
        if (outcome === 'error') this.errors.inc({ transport, handler, error: this.errorClasses.of(detail) });
      },
    };
  }
}
