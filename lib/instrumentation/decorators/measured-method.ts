import type { MetricsRegistry } from '../../metrics/registry.js';
import { handOn, type Measurement } from '../completion.js';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import { countDropped } from '../dropped-samples.js';
import { describeMethod } from './method-name.js';
import { registryOf } from './registry-injection.decorator.js';

/** What a decorator records of a method. */
export interface Measure {
  /** The same for what is recorded in the same series: recorded once where it is applied twice. */
  readonly identity: string;
  /** The name by which it is known if it cannot be recorded. */
  readonly metric: string;
  /** Whether errors end here. */
  readonly swallows: boolean;
  /**
   * Makes the metrics.
   *
   * @returns what to tell of the calls on an object
   * @throws {MetricDefinitionError} if the registry has other metrics of these names
   */
  open(registry: MetricsRegistry): (self: unknown) => Measurement;
}

type Opened = ReturnType<Measure['open']>;

const SITES = Symbol('monitoring.sites');

/** One decorator on one method. */
export class MeasuredMethod {
  private readonly opened = new WeakMap<MetricsRegistry, Opened>();
  /** Whether objects with this prototype have this method measured in a class further down. */
  private readonly measuredBelow = new WeakMap<object, boolean>();

  constructor(
    private readonly home: object,
    private readonly key: PropertyKey,
    readonly measure: Measure,
  ) {}

  /**
   * Makes the metrics, so that they are seen before the first call.
   *
   * @throws {MetricDefinitionError} if the registry has other metrics of these names
   */
  prepare(registry: MetricsRegistry): void {
    if (!this.opened.has(registry)) this.opened.set(registry, this.measure.open(registry));
  }

  /** What to tell of a call on this object, if anything. Never throws. */
  measurementFor(self: unknown): Measurement | undefined {
    try {
      const registry = registryOf(self);
      if (registry === undefined || this.isCalledBySuper(self)) return undefined;
      return (this.opened.get(registry) ?? this.open(registry))?.(self);
    } catch {
      // An object whose traps and getters throw.
      return undefined;
    }
  }

  /**
   * Whether a class further down has a method of this name that records the same: it was called instead of this
   * one, and has come here by `super`. To call oneself again always begins at the class furthest down.
   */
  private isCalledBySuper(self: unknown): boolean {
    if ((typeof self !== 'object' && typeof self !== 'function') || self === null) return false;
    const lowest = (typeof this.home === 'function' ? self : Object.getPrototypeOf(self)) as object | null;
    if (lowest === this.home || lowest === null) return false;
    let answer = this.measuredBelow.get(lowest);
    if (answer === undefined) {
      answer = this.isMeasuredBelow(lowest);
      this.measuredBelow.set(lowest, answer);
    }
    return answer;
  }

  private isMeasuredBelow(lowest: object): boolean {
    let measured = false;
    for (
      let home: object | null = lowest;
      home !== null;
      home = Object.getPrototypeOf(home) as object | null
    ) {
      if (home === this.home) return measured;
      measured ||= hasSite(home, this.key, this.measure);
    }
    return false;
  }

  private open(registry: MetricsRegistry): Opened | undefined {
    try {
      this.prepare(registry);
    } catch (error) {
      this.opened.set(registry, () => new Refused(registry, this.measure.metric));
      process.emitWarning(
        `${describeMethod(this.home, this.key)} cannot be measured: ${String(error)}`,
        'MonitoringWarning',
      );
    }
    return this.opened.get(registry);
  }
}

/**
 * The method, measured: with the same `this`, arguments, name, length, properties and metadata.
 *
 * @param home the prototype that the method is on; for a static method the class
 */
export function measureMethod(
  home: object,
  key: PropertyKey,
  method: AnyMethod,
  measure: Measure,
): AnyMethod {
  const isRepeated = hasSite(home, key, measure);
  if (isRepeated && !measure.swallows) return method;
  const site = new MeasuredMethod(home, key, measure);
  if (!isRepeated) addSite(home, key, site);
  const { swallows } = measure;

  const measured = function (this: unknown, ...args: unknown[]): unknown {
    const found = isRepeated ? undefined : site.measurementFor(this);
    if (found === undefined && !swallows) return Reflect.apply(method, this, args);
    // What happens to errors does not depend on whether they are counted.
    const measurement = found ?? UNRECORDED;
    const startedAt = measurement.start();
    let result: unknown;
    try {
      result = Reflect.apply(method, this, args);
    } catch (error) {
      measurement.end(startedAt, 'error', error);
      if (swallows) return undefined;
      throw error;
    }
    return handOn(result, measurement, startedAt, swallows);
  };
  return copyMethodMetadata(method, measured);
}

/** Every decorator that measures a method of these. */
export function measuredMethodsOf(home: object): MeasuredMethod[] {
  return [...(ownSites(home)?.values() ?? [])].flat();
}

/** Whether a method is measured by a decorator of this kind. */
export function isMeasuredBy(
  home: object,
  key: PropertyKey,
  matches: (measure: Measure) => boolean,
): boolean {
  return (ownSites(home)?.get(key) ?? []).some(({ measure }) => matches(measure));
}

const UNRECORDED: Measurement = { start: () => 0, end: () => undefined };

/** Instead of a measurement whose metrics cannot be made. */
class Refused implements Measurement {
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly metric: string,
  ) {}

  start(): number {
    return 0;
  }

  end(): void {
    countDropped(this.registry, this.metric, 'conflicting_definition');
  }
}

function hasSite(home: object, key: PropertyKey, { identity }: Measure): boolean {
  return isMeasuredBy(home, key, (measure) => measure.identity === identity);
}

function addSite(home: object, key: PropertyKey, site: MeasuredMethod): void {
  const sites = ownSites(home) ?? new Map<PropertyKey, MeasuredMethod[]>();
  sites.set(key, [...(sites.get(key) ?? []), site]);
  Object.defineProperty(home, SITES, { value: sites, configurable: true });
}

function ownSites(home: object): Map<PropertyKey, MeasuredMethod[]> | undefined {
  return Object.getOwnPropertyDescriptor(home, SITES)?.value as
    Map<PropertyKey, MeasuredMethod[]> | undefined;
}
