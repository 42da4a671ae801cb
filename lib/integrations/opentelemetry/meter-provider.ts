import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { requirePackage } from '../../primitives/optional-package.js';
import { processWide } from '../../primitives/process-wide.js';
import { EarlyMeasurements } from './early-measurements.js';
import {
  AddInstrument,
  Instrument,
  type InstrumentDescriptor,
  type InstrumentKind,
  type InstrumentScope,
  MAX_NAME_LENGTH,
  type MeasurementRecorder,
  RecordInstrument,
} from './instrument.js';
import { BridgedMeter, type InstrumentFactory, type InstrumentOptions } from './meter.js';
import { ObservableInstrument, type Observation } from './observable.js';

/** The used part of `@opentelemetry/api`. */
interface MetricsApi {
  readonly metrics: {
    setGlobalMeterProvider(provider: OpenTelemetryMeterProvider): boolean;
    getMeterProvider(): unknown;
    disable(): void;
  };
}

/** A `MeterProvider` of `@opentelemetry/api`. */
export interface OpenTelemetryMeterProvider {
  /** Returns the meter of a library. Never throws. */
  getMeter(name: string, version?: string, options?: { readonly schemaUrl?: string }): BridgedMeter;
}

/** An application that records the measurements of all instruments. */
export interface BridgedApplication {
  /** Returns the recorder of an instrument. */
  recorderOf(descriptor: InstrumentDescriptor): MeasurementRecorder;
  /** Creates the metric of an observable, which has no series before a callback has observed it. */
  declare(descriptor: InstrumentDescriptor): void;
  /** Begins to call a callback at each collection. Returns a function that ends it. */
  observe(observation: Observation): () => void;
  /** Reports measurements that were made before the application started and could not be kept. */
  lost(count: number): void;
  /** Reports callbacks of observables beyond the limit, which are never called. */
  refuseCallbacks(count: number): void;
}

/** The result of a registration. */
export type Registration = 'registered' | 'other provider' | 'not installed';

/** The maximum number of instruments, and of callbacks of them. */
const MAX_INSTRUMENTS = 2_000;
/** The maximum number of meters; the instruments of further ones are in the scope of one. */
const MAX_METERS = 1_000;
/** The maximum length of other texts than names. */
const MAX_TEXT_LENGTH = 1_024;
const INTEGER = 0;

/**
 * The `MeterProvider` of this process, whose instruments are recorded by every application that has started with
 * `bridges.openTelemetry`. An instrument outlives the application, since libraries keep theirs in variables of their
 * modules.
 */
export class BridgedMeterProvider implements OpenTelemetryMeterProvider, InstrumentFactory {
  private readonly meters = new Map<string, BridgedMeter>();
  private readonly instruments = new Map<string, Instrument | ObservableInstrument>();
  private readonly observations = new Set<Observation>();
  private readonly applications = new Map<BridgedApplication, Map<Observation, () => void>>();
  private readonly early = new EarlyMeasurements();
  /** Number of callbacks beyond the limit. */
  private refusedCallbacks = 0;

  /** Returns the provider of this process. */
  static shared(): BridgedMeterProvider {
    return processWide('meterProvider', () => new BridgedMeterProvider());
  }

  /**
   * Registers the provider with `@opentelemetry/api`, unless another one is there. Until an application starts, the first
   * measurements are kept for it.
   *
   * @param load returns the package
   */
  register(load: () => MetricsApi | undefined = loadApi): Registration {
    const api = load();
    if (api === undefined) return 'not installed';
    if (this.applications.size === 0) this.early.begin();
    const isRegistered = api.metrics.getMeterProvider() === this || api.metrics.setGlobalMeterProvider(this);
    return isRegistered ? 'registered' : 'other provider';
  }

  /** Removes the provider from `@opentelemetry/api`, if it is still there and no application uses it. */
  unregister(load: () => MetricsApi | undefined = loadApi): void {
    const api = load();
    if (this.applications.size === 0 && api?.metrics.getMeterProvider() === this) api.metrics.disable();
  }

  /** Begins to record for an application. Returns a function that ends it. */
  attach(application: BridgedApplication): () => void {
    const observed = new Map<Observation, () => void>();
    this.applications.set(application, observed);
    for (const instrument of this.instruments.values()) {
      if (instrument instanceof ObservableInstrument) application.declare(instrument.descriptor);
      else this.updateRecorders(instrument);
    }
    for (const observation of this.observations) observed.set(observation, application.observe(observation));
    const lost = this.early.replay();
    if (lost > 0) application.lost(lost);
    if (this.refusedCallbacks > 0) application.refuseCallbacks(this.refusedCallbacks);
    return () => {
      this.applications.delete(application);
      for (const end of observed.values()) end();
      for (const instrument of this.instruments.values()) {
        if (instrument instanceof Instrument) this.updateRecorders(instrument);
      }
    };
  }

  getMeter(name: string, version?: string, options?: { readonly schemaUrl?: string } | null): BridgedMeter {
    const scope = {
      name: textOf(name),
      version: textOf(version),
      schemaUrl: textOf(options?.schemaUrl),
    };
    const key = JSON.stringify(scope);
    let meter = this.meters.get(key);
    if (meter === undefined) {
      if (this.meters.size >= MAX_METERS) return new BridgedMeter(OTHER_SCOPE, this);
      meter = new BridgedMeter(scope, this);
      this.meters.set(key, meter);
    }
    return meter;
  }

  adder(scope: InstrumentScope, kind: InstrumentKind, name: string, options?: InstrumentOptions) {
    return this.found(AddInstrument, scope, kind, name, options);
  }

  recorder(scope: InstrumentScope, kind: InstrumentKind, name: string, options?: InstrumentOptions) {
    return this.found(RecordInstrument, scope, kind, name, options);
  }

  observable(scope: InstrumentScope, kind: InstrumentKind, name: string, options?: InstrumentOptions) {
    const descriptor = descriptorOf(scope, kind, name, options, this.isFull);
    const key = keyOf(descriptor);
    const known = this.instruments.get(key);
    if (known instanceof ObservableInstrument) return known;
    const instrument = new ObservableInstrument(descriptor, this);
    if (!this.isFull) this.instruments.set(key, instrument);
    for (const application of this.applications.keys()) application.declare(descriptor);
    return instrument;
  }

  isObservable(instrument: unknown): instrument is ObservableInstrument {
    return instrument instanceof ObservableInstrument;
  }

  add(observation: Observation): void {
    const { callback, instruments } = observation;
    if (typeof callback !== 'function' || instruments.size === 0) return;
    if (this.knownObservation(observation) !== undefined) return;
    if (this.observations.size >= MAX_INSTRUMENTS) {
      this.refusedCallbacks++;
      for (const application of this.applications.keys()) application.refuseCallbacks(1);
      return;
    }
    this.observations.add(observation);
    for (const [application, observed] of this.applications) {
      observed.set(observation, application.observe(observation));
    }
  }

  remove(given: Observation): void {
    const observation = this.knownObservation(given);
    if (observation === undefined) return;
    this.observations.delete(observation);
    for (const observed of this.applications.values()) {
      observed.get(observation)?.();
      observed.delete(observation);
    }
  }

  private get isFull(): boolean {
    return this.instruments.size >= MAX_INSTRUMENTS;
  }

  private found<I extends Instrument>(
    Class: new (...args: ConstructorParameters<typeof Instrument>) => I,
    scope: InstrumentScope,
    kind: InstrumentKind,
    name: string,
    options: InstrumentOptions | undefined,
  ): I {
    const descriptor = descriptorOf(scope, kind, name, options, this.isFull);
    const key = keyOf(descriptor);
    const known = this.instruments.get(key);
    if (known instanceof Class) return known;
    const instrument = new Class(descriptor, this.early.hold);
    if (!this.isFull) this.instruments.set(key, instrument);
    this.updateRecorders(instrument);
    return instrument;
  }

  private updateRecorders(instrument: Instrument): void {
    instrument.recorders = Array.from(this.applications.keys(), (application) =>
      application.recorderOf(instrument.descriptor),
    );
  }

  private knownObservation({ callback, instruments, isBatch }: Observation): Observation | undefined {
    for (const each of this.observations) {
      if (each.callback !== callback || each.isBatch !== isBatch) continue;
      if (each.instruments.size !== instruments.size) continue;
      if (Array.from(instruments).every((instrument) => each.instruments.has(instrument))) return each;
    }
    return undefined;
  }
}

const OTHER_SCOPE: InstrumentScope = { name: 'other', version: '', schemaUrl: '' };

function loadApi(): MetricsApi | undefined {
  return requirePackage<MetricsApi>('@opentelemetry/api');
}

function descriptorOf(
  scope: InstrumentScope,
  kind: InstrumentKind,
  name: unknown,
  options: InstrumentOptions | null | undefined,
  isBeyondLimit: boolean,
): InstrumentDescriptor {
  const { unit, description, valueType, boundaries } = readOptions(kind, options);
  return {
    scope,
    // One character more than is allowed, by which it is refused.
    name: typeof name === 'string' ? boundedLabelValue(name, MAX_NAME_LENGTH + 1) : '',
    kind,
    unit: textOf(unit),
    description: textOf(description),
    isInteger: valueType === INTEGER,
    boundaries,
    isBeyondLimit,
  };
}

/** Reads the options of an instrument; none if that fails, since an instrument must not throw. */
function readOptions(kind: InstrumentKind, options: InstrumentOptions | null | undefined) {
  try {
    const { unit, description, valueType, advice } = Object(options) as InstrumentOptions;
    const boundaries: unknown = kind === 'histogram' ? advice?.explicitBucketBoundaries : undefined;
    return {
      unit,
      description,
      valueType,
      boundaries: Array.isArray(boundaries) ? (boundaries.slice() as number[]) : undefined,
    };
  } catch {
    return {};
  }
}

/** Returns the identity of an instrument: two with the same name and another unit, kind or description differ. */
function keyOf({ scope, name, kind, unit, isInteger, description }: InstrumentDescriptor): string {
  return JSON.stringify([scope, name, kind, unit, isInteger, description]);
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? boundedLabelValue(given, MAX_TEXT_LENGTH) : '';
}
