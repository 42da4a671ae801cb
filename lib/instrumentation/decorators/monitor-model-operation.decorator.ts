import type { Clock } from '../../metrics/clock.js';
import type { CounterSeries } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { TimerSeries } from '../../metrics/timer.js';
import type { Measurement } from '../../primitives/track-completion.js';
import type { Guard } from '../../primitives/guard.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import { expectOption, expectOptions } from './decorator-options.js';
import { decoratorGuard, type MeasurementDefinition } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';

/** Options of {@link MonitorModelOperation}. */
export interface MonitorModelOperationOptions {
  /** Value of the label `model`. @default the class of the object that the method is called on */
  readonly model?: string;
}

const DECORATOR = '@MonitorModelOperation()';

/** Upper limit for values that come from data instead of code. */
const MAX_MODELS = 200;

/**
 * Times and counts the calls of a method of a model, an entity or a repository: `model_operation_duration_seconds`,
 * `model_operation_total` and `model_operation_errors_total`, each with the labels `model` and `operation`.
 *
 * @param operation value of the label `operation`, such as `save`
 * @throws {MetricDefinitionError} for invalid options, and on anything other than a method
 */
export function MonitorModelOperation(
  operation: string,
  options: MonitorModelOperationOptions = {},
): MethodDecorator {
  const definition = new ModelOperationDefinition(operation, options);
  return (target, key, descriptor) => decorateMethod(DECORATOR, target, key, descriptor, definition);
}

class ModelOperationDefinition implements MeasurementDefinition {
  readonly identity: string;
  readonly metric = 'model_operation';
  readonly swallowsErrors = false;
  private readonly model: string | undefined;

  constructor(
    private readonly operation: string,
    options: MonitorModelOperationOptions,
  ) {
    expectOption(
      `\`operation\` of ${DECORATOR}`,
      operation,
      'a non-empty string',
      isNonEmptyString(operation),
    );
    expectOptions(DECORATOR, options, ['model']);
    const { model } = options;
    const isModel = model === undefined || isNonEmptyString(model);
    expectOption(`\`model\` of ${DECORATOR}`, model, 'a non-empty string', isModel);
    this.model = model;
    this.identity = JSON.stringify(['model', operation, model]);
  }

  register(registry: MetricsRegistry): (self: unknown) => Measurement {
    const { operation, model } = this;
    const labelNames = ['model', 'operation'] as const;
    const duration = registry.timer(
      'model_operation_duration_seconds',
      'Duration of model operations, in seconds.',
      { labelNames },
    );
    const total = registry.counter(
      'model_operation_total',
      'Model operations, whether they succeeded or failed.',
      {
        labelNames,
      },
    );
    const errors = registry.counter('model_operation_errors_total', 'Model operations that failed.', {
      labelNames,
    });
    const measurementOf = (name: string): Measurement => {
      const labels = { model: name, operation };
      const { clock } = duration.store.host;
      return new OperationMeasurement(
        decoratorGuard(registry),
        clock,
        duration.labels(labels),
        total.labels(labels),
        errors.labels(labels),
      );
    };
    if (model !== undefined) {
      const measurement = measurementOf(model);
      return () => measurement;
    }
    const byClass = new WeakMap<object, Measurement>();
    const models = new BoundedLabelValues(MAX_MODELS);
    return (self) => {
      const type = classOfReceiver(self);
      let measurement = byClass.get(type);
      if (measurement === undefined) {
        measurement = measurementOf(models.of(type.name || UNKNOWN_CLASS.name));
        byClass.set(type, measurement);
      }
      return measurement;
    };
  }
}

/** Returns the class of the object that a method is called on, which is the object itself for a static method. */
function classOfReceiver(self: unknown): { readonly name: string } {
  const type: unknown = typeof self === 'function' ? self : (self as object | null | undefined)?.constructor;
  return typeof type === 'function' ? type : UNKNOWN_CLASS;
}

const UNKNOWN_CLASS = { name: 'unknown' };

class OperationMeasurement implements Measurement {
  constructor(
    readonly guard: Guard,
    private readonly clock: Clock,
    private readonly duration: TimerSeries,
    private readonly total: CounterSeries,
    private readonly errors: CounterSeries,
  ) {}

  start(): number {
    return this.clock.monotonic();
  }

  end(startedAt: number, outcome: CallOutcome): void {
    this.duration.observe((this.clock.monotonic() - startedAt) / 1000);
    this.total.inc();
    if (outcome === 'error') this.errors.inc();
  }
}

function isNonEmptyString(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
