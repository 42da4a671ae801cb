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
import { instrumentationGuard } from '../metrics/error-reports.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { type Measurement, trackCompletion } from '../primitives/completion.js';
import type { Guard } from '../primitives/guard.js';
import { ErrorClasses } from './error-class.js';
import { Operations } from './operations.js';

const MEASURED = Symbol('monitoring.measured');

/**
 * Measures the handlers that it is bound to by `@UseInterceptors()`, of whatever transport, by class and method. Bound
 * more than once to a handler, such as to its class too, it counts each call once. Requests and messages are measured
 * without it: it is for those who want to see handlers. What guards refuse does not come to any interceptor.
 */
@Injectable()
export class MetricsInterceptor implements NestInterceptor {
  private readonly calls: Operations<'transport' | 'handler'>;
  private readonly errors: Counter<'transport' | 'handler' | 'error'>;
  private readonly errorClasses = new ErrorClasses();
  private readonly guard: Guard;
  private readonly measurements = new WeakMap<object, Map<string, Measurement>>();

  constructor(@Inject(MetricsRegistry) registry: MetricsRegistry) {
    this.guard = instrumentationGuard(registry, 'interceptor');
    this.calls = new Operations(registry, {
      total: [
        'handler_calls_total',
        'Calls of handlers with MetricsInterceptor, by outcome: success, error or cancelled.',
      ],
      duration: ['handler_duration_seconds', 'How long handlers with MetricsInterceptor take.'],
      inProgress: [
        'handler_calls_in_progress',
        'Calls of handlers with MetricsInterceptor that are under way.',
      ],
      labelNames: ['transport', 'handler'],
      groupNames: ['transport'],
      buckets: DEFAULT_BUCKETS,
    });
    this.errors = registry.counter(
      'handler_errors_total',
      'Exceptions of handlers with MetricsInterceptor, by class.',
      { labelNames: ['transport', 'handler', 'error'] },
    );
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const measurement = this.measurementOf(context);
    const result = next.handle();
    return measurement === undefined
      ? result
      : (trackCompletion(result, measurement, NaN) as Observable<unknown>);
  }

  /** Returns the measurement of a call, unless it is measured already. Never throws. */
  private measurementOf(context: ExecutionContext & { [MEASURED]?: true }): Measurement | undefined {
    try {
      // All interceptors of a call are given the same context.
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
    let ofClass = this.measurements.get(type);
    if (ofClass === undefined) this.measurements.set(type, (ofClass = new Map()));
    const transport = context.getType<string>();
    const method = context.getHandler().name;
    const key = `${transport} ${method}`;
    let measurement = ofClass.get(key);
    if (measurement === undefined) {
      measurement = this.measurement(transport, `${type.name}.${method}`);
      ofClass.set(key, measurement);
    }
    return measurement;
  }

  private measurement(transport: string, handler: string): Measurement {
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
