import type { MetricsRegistry } from '../../metrics/registry.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import { beginCall, failCall, type Measurement, trackCompletion } from '../../primitives/track-completion.js';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import { Guard } from '../../primitives/guard.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import { countDropped } from '../dropped-samples.js';
import { describeMethod } from './method-name.js';
import { registryOf } from './registry-injection.decorator.js';

/** The definition of a measurement that a decorator adds to a method. */
export interface MeasurementDefinition {
  /** An identifier of the recorded series. A method that has it twice is measured once. */
  readonly identity: string;
  /** The metric name under which calls are counted as dropped if the metrics cannot be registered. */
  readonly metric: string;
  /** True if errors are swallowed instead of rethrown. */
  readonly swallowsErrors: boolean;
  /**
   * Registers the metrics.
   *
   * @returns a function that selects the measurement of a call by the object it is made on
   * @throws {MetricDefinitionError} for a conflict with other metrics of the registry
   */
  register(registry: MetricsRegistry): SelectMeasurement;
}

type SelectMeasurement = (self: unknown) => Measurement;

const MEASURED_METHODS = Symbol.for('nestjs-monitoring.measuredMethods');

/** One decorator on one method. */
export class MeasuredMethod {
  private readonly registered = new WeakMap<MetricsRegistry, SelectMeasurement>();
  /** True for a prototype below the owner whose chain measures an overriding method. */
  private readonly measuredBelow = new WeakMap<object, boolean>();

  constructor(
    private readonly owner: object,
    private readonly key: PropertyKey,
    readonly definition: MeasurementDefinition,
  ) {}

  /**
   * Registers the metrics, so that they are exposed before the first call.
   *
   * @throws {MetricDefinitionError} an error that names the method, for a conflict with other metrics of the registry
   */
  register(registry: MetricsRegistry): void {
    try {
      this.define(registry);
    } catch (error) {
      if (!(error instanceof MetricDefinitionError)) throw error;
      throw new MetricDefinitionError(
        `${describeMethod(this.owner, this.key)} cannot be measured: ${error.message}`,
      );
    }
  }

  /** Returns the measurement of a call on an object, undefined if the call is not measured. Never throws. */
  measurementFor(self: unknown): Measurement | undefined {
    try {
      const registry = registryOf(self);
      if (registry === undefined || this.isCalledBySuper(self)) return undefined;
      return (this.registered.get(registry) ?? this.registerSafely(registry))?.(self);
    } catch {
      // The object is a proxy or has a getter that throws.
      return undefined;
    }
  }

  /**
   * Returns true if an overriding method of a subclass records the same and has called this method by `super`. A
   * recursive call is not affected: it starts at the lowest class again.
   */
  private isCalledBySuper(self: unknown): boolean {
    if ((typeof self !== 'object' && typeof self !== 'function') || self === null) return false;
    const lowest = (typeof this.owner === 'function' ? self : Object.getPrototypeOf(self)) as object | null;
    if (lowest === this.owner || lowest === null) return false;
    let isMeasured = this.measuredBelow.get(lowest);
    if (isMeasured === undefined) {
      isMeasured = this.isMeasuredBelow(lowest);
      this.measuredBelow.set(lowest, isMeasured);
    }
    return isMeasured;
  }

  private isMeasuredBelow(lowest: object): boolean {
    let isMeasured = false;
    for (
      let owner: object | null = lowest;
      owner !== null;
      owner = Object.getPrototypeOf(owner) as object | null
    ) {
      if (owner === this.owner) return isMeasured;
      isMeasured ||= hasMeasurement(owner, this.key, this.definition);
    }
    return false;
  }

  private define(registry: MetricsRegistry): void {
    if (!this.registered.has(registry)) this.registered.set(registry, this.definition.register(registry));
  }

  private registerSafely(registry: MetricsRegistry): SelectMeasurement | undefined {
    try {
      this.define(registry);
    } catch (error) {
      this.registered.set(registry, () => new DroppedMeasurement(registry, this.definition.metric));
      process.emitWarning(
        `${describeMethod(this.owner, this.key)} is not measured: ${String(error)}`,
        'MonitoringWarning',
      );
    }
    return this.registered.get(registry);
  }
}

/**
 * Returns the measured form of a method, with the same `this`, arguments, name, length, properties and metadata.
 *
 * @param owner the prototype that has the method, or the class for a static method
 */
export function measureMethod(
  owner: object,
  key: PropertyKey,
  method: AnyMethod,
  definition: MeasurementDefinition,
): AnyMethod {
  const isRepeated = hasMeasurement(owner, key, definition);
  if (isRepeated && !definition.swallowsErrors) return method;
  const measuredMethod = new MeasuredMethod(owner, key, definition);
  if (!isRepeated) addMeasuredMethod(owner, key, measuredMethod);
  const { swallowsErrors } = definition;

  const measured = function (this: unknown, ...args: unknown[]): unknown {
    const selected = isRepeated ? undefined : measuredMethod.measurementFor(this);
    if (selected === undefined && !swallowsErrors) return Reflect.apply(method, this, args);
    // Errors are swallowed whether or not the call is measured.
    const measurement = selected ?? NO_MEASUREMENT;
    const startedAt = beginCall(measurement);
    let result: unknown;
    try {
      // Called here and not by `trackCall`, since V8 allocates no array for rest arguments that the same function passes on.
      result = Reflect.apply(method, this, args);
    } catch (error) {
      return failCall(error, measurement, startedAt, swallowsErrors);
    }
    return trackCompletion(result, measurement, startedAt, swallowsErrors);
  };
  return copyMethodMetadata(method, measured);
}

/** Returns the measured methods that a prototype or class itself has. */
export function measuredMethodsOf(owner: object): MeasuredMethod[] {
  return [...(ownMeasuredMethods(owner)?.values() ?? [])].flat();
}

/** Returns true for a prototype or class that itself has measured methods. */
export function hasMeasuredMethods(owner: object): boolean {
  return Object.hasOwn(owner, MEASURED_METHODS);
}

/** Returns true if a method has a measurement that matches. */
export function isMeasuredBy(
  owner: object,
  key: PropertyKey,
  matches: (definition: MeasurementDefinition) => boolean,
): boolean {
  return (ownMeasuredMethods(owner)?.get(key) ?? []).some(({ definition }) => matches(definition));
}

/** Returns the guard to which decorators report their own errors. */
export function decoratorGuard(registry: MetricsRegistry): Guard {
  return instrumentationGuard(registry, 'decorators');
}

const NO_MEASUREMENT: Measurement = {
  guard: new Guard(() => undefined),
  start: () => 0,
  end: () => undefined,
};

/** A measurement whose metrics could not be registered: each call is counted as a dropped sample. */
class DroppedMeasurement implements Measurement {
  readonly guard: Guard;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly metric: string,
  ) {
    this.guard = decoratorGuard(registry);
  }

  start(): number {
    return 0;
  }

  end(): void {
    countDropped(this.registry, this.metric, 'conflicting_definition');
  }
}

function hasMeasurement(owner: object, key: PropertyKey, { identity }: MeasurementDefinition): boolean {
  return isMeasuredBy(owner, key, (definition) => definition.identity === identity);
}

function addMeasuredMethod(owner: object, key: PropertyKey, method: MeasuredMethod): void {
  const methods = ownMeasuredMethods(owner) ?? new Map<PropertyKey, MeasuredMethod[]>();
  methods.set(key, [...(methods.get(key) ?? []), method]);
  Object.defineProperty(owner, MEASURED_METHODS, { value: methods, configurable: true });
}

function ownMeasuredMethods(owner: object): Map<PropertyKey, MeasuredMethod[]> | undefined {
  return Object.getOwnPropertyDescriptor(owner, MEASURED_METHODS)?.value as
    Map<PropertyKey, MeasuredMethod[]> | undefined;
}
