import { assertMetricName } from '../../metrics/naming.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Measurement } from '../../primitives/completion.js';
import {
  PERFORMANCE_LABELS,
  type PerformanceDefinition,
  PerformanceMeasurement,
} from '../performance-measurement.js';
import {
  checkedBuckets,
  checkedLabels,
  checkedSampleRate,
  expectOptions,
  type StaticLabelInput,
} from './decorator-options.js';
import { decoratorGuard, isMeasuredBy, type Measure } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';
import { classOf, defaultMetricName } from './method-name.js';

/** Options of {@link MonitorPerformance}. */
export interface MonitorPerformanceOptions {
  /**
   * What the metrics begin with. On a class, the name of each method follows it.
   * @default class and method in snake case: `orders_service_process` for `OrdersService.process`
   */
  readonly name?: string;
  /** Labels that every sample has; `outcome` and `error` are taken. @default {} */
  readonly labels?: StaticLabelInput;
  /** The share of calls that are timed, from 0 to 1; all of them are counted. @default 1 */
  readonly sampleRate?: number;
  /**
   * Upper bounds of the durations, in seconds, in strictly ascending order.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

const DECORATOR = '@MonitorPerformance()';

/**
 * Times and counts the calls of a method, or of every public method of a class: `<name>_duration_seconds`,
 * `<name>_calls_total{outcome}` and `<name>_errors_total{error}`.
 *
 * A call lasts until what it returned has come to its end: a promise, an Observable, an async iterator. Its outcome
 * is `success`, `error`, or `cancelled` if an Observable was unsubscribed from or an iterator left early; each of
 * them is timed. Of a class, the methods that it has itself are measured, except those whose names begin with an
 * underscore and those with a decorator of this kind of their own.
 *
 * @throws {MetricDefinitionError} for options that cannot work, and for what is no method
 */
export function MonitorPerformance(
  options: MonitorPerformanceOptions = {},
): ClassDecorator & MethodDecorator {
  const { name, ...definition } = checkedOptions(options);
  return (<T>(
    target: object,
    key?: PropertyKey,
    descriptor?: TypedPropertyDescriptor<T>,
  ): TypedPropertyDescriptor<T> | void => {
    if (key === undefined) {
      decorateClass((target as { prototype: object }).prototype, name, definition);
      return;
    }
    const measure = new PerformanceMeasure({ ...definition, name: name ?? nameOf(target, key) });
    return decorateMethod(DECORATOR, target, key, descriptor, measure);
  }) as ClassDecorator & MethodDecorator;
}

type Definition = Omit<PerformanceDefinition, 'name'>;

function checkedOptions(
  options: MonitorPerformanceOptions,
): Definition & { readonly name: string | undefined } {
  expectOptions(DECORATOR, options, ['name', 'labels', 'sampleRate', 'buckets']);
  const { name } = options;
  if (name !== undefined) assertMetricName(name);
  return {
    name,
    unit: 'calls',
    labels: checkedLabels(DECORATOR, options.labels, PERFORMANCE_LABELS),
    sampleRate: checkedSampleRate(DECORATOR, options.sampleRate),
    buckets: checkedBuckets(DECORATOR, options.buckets),
  };
}

function decorateClass(prototype: object, prefix: string | undefined, definition: Definition): void {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
    const isPublicMethod =
      key !== 'constructor' &&
      !key.startsWith('_') &&
      descriptor?.configurable === true &&
      typeof descriptor.value === 'function';
    if (!isPublicMethod || isMeasuredBy(prototype, key, (measure) => measure instanceof PerformanceMeasure)) {
      continue;
    }
    const name = prefix === undefined ? nameOf(prototype, key) : defaultMetricName(prefix, key);
    const measure = new PerformanceMeasure({ ...definition, name });
    Object.defineProperty(prototype, key, decorateMethod(DECORATOR, prototype, key, descriptor, measure));
  }
}

function nameOf(home: object, key: PropertyKey): string {
  return defaultMetricName(classOf(home).name, key);
}

class PerformanceMeasure implements Measure {
  readonly identity: string;
  readonly metric: string;
  readonly swallows = false;

  constructor(private readonly definition: PerformanceDefinition) {
    this.metric = definition.name;
    this.identity = JSON.stringify(['performance', definition.name, definition.labels]);
  }

  open(registry: MetricsRegistry): () => Measurement {
    const measurement = new PerformanceMeasurement(registry, decoratorGuard(registry), this.definition);
    return () => measurement;
  }
}
