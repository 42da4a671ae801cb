import type { Clock } from '../../metrics/clock.js';
import type { CounterSeries } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { TimerSeries } from '../../metrics/timer.js';
import type { Measurement } from '../../primitives/completion.js';
import type { Guard } from '../../primitives/guard.js';
import { LabelValues } from '../../primitives/label-values.js';
import type { Outcome } from '../../primitives/outcome.js';
import { expectOption, expectOptions } from './decorator-options.js';
import { decoratorGuard, type Measure } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';

/** Options of {@link MonitorModelOperation}. */
export interface MonitorModelOperationOptions {
  /** The label `model`. @default the class of the object that the method is called on */
  readonly model?: string;
}

const DECORATOR = '@MonitorModelOperation()';

/** An application has as many as its code has classes; more are made of data. */
const MAX_MODELS = 200;

/**
 * Times and counts what a model, an entity or a repository does: `model_operation_duration_seconds`,
 * `model_operation_total` and `model_operation_errors_total`, each with the labels `model` and `operation`.
 *
 * @param operation the label `operation`, such as `save`
 * @throws {MetricDefinitionError} for options that cannot work, and for what is no method
 */
export function MonitorModelOperation(
  operation: string,
  options: MonitorModelOperationOptions = {},
): MethodDecorator {
  const measure = new ModelOperation(operation, options);
  return (target, key, descriptor) => decorateMethod(DECORATOR, target, key, descriptor, measure);
}

class ModelOperation implements Measure {
  readonly identity: string;
  readonly metric = 'model_operation';
  readonly swallows = false;
  private readonly model: string | undefined;

  constructor(
    private readonly operation: string,
    options: MonitorModelOperationOptions,
  ) {
    expectOption(`the operation of ${DECORATOR}`, operation, 'a text that is not empty', isText(operation));
    expectOptions(DECORATOR, options, ['model']);
    this.model = options.model;
    expectOption(
      `model of ${DECORATOR}`,
      this.model,
      'a text that is not empty',
      this.model === undefined || isText(this.model),
    );
    this.identity = JSON.stringify(['model', operation, this.model]);
  }

  open(registry: MetricsRegistry): (self: unknown) => Measurement {
    const { operation, model } = this;
    const labelNames = ['model', 'operation'] as const;
    const duration = registry.timer(
      'model_operation_duration_seconds',
      'How long operations of models take, in seconds.',
      { labelNames },
    );
    const total = registry.counter('model_operation_total', 'Operations of models, however they ended.', {
      labelNames,
    });
    const errors = registry.counter('model_operation_errors_total', 'Operations of models that failed.', {
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
    const models = new LabelValues(MAX_MODELS);
    return (self) => {
      const type = modelOf(self);
      let measurement = byClass.get(type);
      if (measurement === undefined) {
        measurement = measurementOf(models.of(type.name || 'unknown'));
        byClass.set(type, measurement);
      }
      return measurement;
    };
  }
}

/** The class of what a method is called on, which for a static method is the class itself. */
function modelOf(self: unknown): { readonly name: string } {
  const type: unknown = typeof self === 'function' ? self : (self as object | null | undefined)?.constructor;
  return typeof type === 'function' ? type : NO_CLASS;
}

const NO_CLASS = { name: 'unknown' };

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

  end(startedAt: number, outcome: Outcome): void {
    this.duration.observe((this.clock.monotonic() - startedAt) / 1000);
    this.total.inc();
    if (outcome === 'error') this.errors.inc();
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
