import type { InstrumentDescriptor } from './instrument.js';

/** The observer that a callback of one observable gets. */
export interface ObservableResult {
  /** Observes the current value for attributes; the last one for the same attributes counts. */
  observe(value: number, attributes?: object): void;
}

/** The observer that a callback of several observables gets. */
export interface BatchObservableResult {
  /** Observes the current value of an instrument; an instrument that the callback was not added for is ignored. */
  observe(instrument: object, value: number, attributes?: object): void;
}

/** A callback of one observable. */
export type ObservableCallback = (result: ObservableResult) => unknown;

/** A callback of several observables. */
export type BatchObservableCallback = (result: BatchObservableResult) => unknown;

/** A callback with the instruments that it observes. */
export interface Observation {
  readonly instruments: ReadonlySet<ObservableInstrument>;
  readonly callback: ObservableCallback | BatchObservableCallback;
  /** True if the callback names the instrument of each value. */
  readonly isBatch: boolean;
}

/** The callbacks of all observables. */
export interface ObservationList {
  add(observation: Observation): void;
  remove(observation: Observation): void;
}

/** An observable counter, up-down counter or gauge of `@opentelemetry/api`. */
export class ObservableInstrument {
  constructor(
    readonly descriptor: InstrumentDescriptor,
    private readonly observations: ObservationList,
  ) {}

  /** Adds a callback that is called at each collection. A callback that is there already is not added again. */
  addCallback(callback: ObservableCallback): void {
    this.observations.add({ instruments: new Set([this]), callback, isBatch: false });
  }

  /** Removes a callback, and the series that it has observed. */
  removeCallback(callback: ObservableCallback): void {
    this.observations.remove({ instruments: new Set([this]), callback, isBatch: false });
  }
}
