import { assertMetricName } from '../../metrics/naming-rules.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Measurement } from '../../primitives/track-completion.js';
import {
  type PerformanceDefinition,
  PerformanceMeasurement,
  RESERVED_LABELS,
} from '../performance-measurement.js';
import {
  checkedBuckets,
  checkedLabels,
  checkedSampleRate,
  expectOptions,
  type StaticLabelInput,
} from './decorator-options.js';
import { decoratorGuard, isMeasuredBy, type MeasurementDefinition } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';
import { classOf, defaultMetricName } from './method-name.js';

/** Options of {@link MonitorPerformance}. */
export interface MonitorPerformanceOptions {
  /**
   * Prefix of the metric names. On a class, the method name is appended to it.
   * @default class and method in snake case: `orders_service_process` for `OrdersService.process`
   */
  readonly name?: string;
  /** Labels of every sample; `outcome` and `error` are reserved. @default {} */
  readonly labels?: StaticLabelInput;
  /** Fraction of calls that are timed, from 0 to 1. Every call is counted. @default 1 */
  readonly sampleRate?: number;
  /**
   * Upper bounds of the duration buckets, in seconds, in strictly ascending order.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

const DECORATOR = '@MonitorPerformance()';

/**
 * Times and counts the calls of a method, or of every public method of a class: `<name>_duration_seconds`,
 * `<name>_calls_total{outcome}` and `<name>_errors_total{error}`.
 *
 * A call that returns a promise, an Observable or an async iterator lasts until that has completed. Its outcome is
 * `success`, `error`, or `cancelled` if the Observable was unsubscribed from or the iterator was left early. Calls
 * of every outcome are timed.
 *
 * On a class, it measures the methods that the class itself defines, except methods whose name begins with an
 * underscore and methods that have their own `@MonitorPerformance()`.
 *
 * @throws {MetricDefinitionError} for invalid options, and on anything other than a method or a class
 */
export function MonitorPerformance(
  options: MonitorPerformanceOptions = {},
): ClassDecorator & MethodDecorator {
  const { name, ...shared } = checkedOptions(options);
  return (<T>(
    target: object,
    key?: PropertyKey,
    descriptor?: TypedPropertyDescriptor<T>,
  ): TypedPropertyDescriptor<T> | void => {
    if (key === undefined) {
      decorateClass((target as { prototype: object }).prototype, name, shared);
      return;
    }
    const definition = new CallsDefinition({ ...shared, name: name ?? nameOf(target, key) });
    return decorateMethod(DECORATOR, target, key, descriptor, definition);
  }) as ClassDecorator & MethodDecorator;
}

type SharedDefinition = Omit<PerformanceDefinition, 'name'>;

function checkedOptions(
  options: MonitorPerformanceOptions,
): SharedDefinition & { readonly name: string | undefined } {
  expectOptions(DECORATOR, options, ['name', 'labels', 'sampleRate', 'buckets']);
  const { name } = options;
  if (name !== undefined) assertMetricName(name);
  return {
    name,
    unit: 'calls',
    labels: checkedLabels(DECORATOR, options.labels, RESERVED_LABELS),
    sampleRate: checkedSampleRate(DECORATOR, options.sampleRate),
    buckets: checkedBuckets(DECORATOR, options.buckets),
  };
}

function decorateClass(prototype: object, prefix: string | undefined, shared: SharedDefinition): void {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
    const isPublicMethod =
      key !== 'constructor' &&
      !key.startsWith('_') &&
      descriptor?.configurable === true &&
      typeof descriptor.value === 'function';
    if (!isPublicMethod || isMeasuredBy(prototype, key, (other) => other instanceof CallsDefinition))
      continue;
    const name = prefix === undefined ? nameOf(prototype, key) : defaultMetricName(prefix, key);
    const definition = new CallsDefinition({ ...shared, name });
    Object.defineProperty(prototype, key, decorateMethod(DECORATOR, prototype, key, descriptor, definition));
  }
}

function nameOf(owner: object, key: PropertyKey): string {
  return defaultMetricName(classOf(owner).name, key);
}

class CallsDefinition implements MeasurementDefinition {
  readonly identity: string;
  readonly metric: string;
  readonly swallowsErrors = false;

  constructor(private readonly definition: PerformanceDefinition) {
    this.metric = definition.name;
    this.identity = JSON.stringify(['performance', definition.name, definition.labels]);
  }

  register(registry: MetricsRegistry): () => Measurement {
    const measurement = new PerformanceMeasurement(registry, decoratorGuard(registry), this.definition);
    return () => measurement;
  }
}
