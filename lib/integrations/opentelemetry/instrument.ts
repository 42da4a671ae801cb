/** The kinds of instruments of `@opentelemetry/api`. */
export type InstrumentKind =
  | 'counter'
  | 'upDownCounter'
  | 'gauge'
  | 'histogram'
  | 'observableCounter'
  | 'observableUpDownCounter'
  | 'observableGauge';

/** The maximum length of the name of an instrument, by the specification of OpenTelemetry. */
export const MAX_NAME_LENGTH = 255;

/** The scope of an instrument: the library that created it. A text that was not given is empty. */
export interface InstrumentScope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
}

/** The definition of an instrument. */
export interface InstrumentDescriptor {
  readonly scope: InstrumentScope;
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly unit: string;
  readonly description: string;
  /** True if its values are whole numbers. */
  readonly isInteger: boolean;
  /** The advised upper bounds of the buckets of a histogram. */
  readonly boundaries: readonly number[] | undefined;
  /** True if there are more instruments than are recorded. */
  readonly isBeyondLimit: boolean;
}

/** The part of an application that records the measurements of one instrument. */
export interface MeasurementRecorder {
  /** Records one measurement. Never throws. */
  record(value: number, attributes: object): void;
}

/** The attributes of a measurement without any. */
export const NO_ATTRIBUTES: object = Object.freeze({});

/** Called with measurements that no application records. */
export type HoldMeasurement = (instrument: Instrument, value: unknown, attributes: object) => void;

/**
 * An instrument whose measurements are recorded at once: a counter, an up-down counter, a gauge or a histogram. Each
 * application that runs records all of them.
 */
export class Instrument {
  /** The recorders of the applications that run. */
  recorders: readonly MeasurementRecorder[] = [];

  constructor(
    readonly descriptor: InstrumentDescriptor,
    private readonly hold: HoldMeasurement,
  ) {}

  /** Passes a measurement to the recorders, on the hot path. Never throws. */
  protected measure(value: number, given: unknown): void {
    const attributes = typeof given === 'object' && given !== null ? given : NO_ATTRIBUTES;
    const { recorders } = this;
    if (recorders.length === 0) this.hold(this, value, attributes);
    for (let i = 0; i < recorders.length; i++) recorders[i]!.record(value, attributes);
  }
}

/** A counter or an up-down counter of `@opentelemetry/api`. */
export class AddInstrument extends Instrument {
  /** Adds a value. Only an up-down counter takes negative ones; other values that cannot be added are dropped and counted. */
  add(value: number, attributes?: object, _context?: unknown): void {
    this.measure(value, attributes);
  }
}

/** A gauge or a histogram of `@opentelemetry/api`. */
export class RecordInstrument extends Instrument {
  /** Records a value. A value that is no finite number is dropped and counted, as is a negative one of a histogram. */
  record(value: number, attributes?: object, _context?: unknown): void {
    this.measure(value, attributes);
  }
}
