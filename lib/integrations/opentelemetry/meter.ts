import type { AddInstrument, InstrumentKind, InstrumentScope, RecordInstrument } from './instrument.js';
import type { BatchObservableCallback, ObservableInstrument, ObservationList } from './observable.js';

/** The options of an instrument of `@opentelemetry/api`. */
export interface InstrumentOptions {
  readonly description?: string;
  readonly unit?: string;
  /** 0 for whole numbers, 1 for any. */
  readonly valueType?: number;
  readonly advice?: { readonly explicitBucketBoundaries?: readonly number[] };
}

/** A factory of instruments, which returns the one that exists if there is one with the same definition. */
export interface InstrumentFactory extends ObservationList {
  adder(
    scope: InstrumentScope,
    kind: InstrumentKind,
    name: string,
    options?: InstrumentOptions,
  ): AddInstrument;
  recorder(
    scope: InstrumentScope,
    kind: InstrumentKind,
    name: string,
    options?: InstrumentOptions,
  ): RecordInstrument;
  observable(
    scope: InstrumentScope,
    kind: InstrumentKind,
    name: string,
    options?: InstrumentOptions,
  ): ObservableInstrument;
  isObservable(instrument: unknown): instrument is ObservableInstrument;
}

/** A `Meter` of `@opentelemetry/api`, whose methods never throw. */
export class BridgedMeter {
  constructor(
    private readonly scope: InstrumentScope,
    private readonly factory: InstrumentFactory,
  ) {}

  createCounter(name: string, options?: InstrumentOptions): AddInstrument {
    return this.factory.adder(this.scope, 'counter', name, options);
  }

  createUpDownCounter(name: string, options?: InstrumentOptions): AddInstrument {
    return this.factory.adder(this.scope, 'upDownCounter', name, options);
  }

  createGauge(name: string, options?: InstrumentOptions): RecordInstrument {
    return this.factory.recorder(this.scope, 'gauge', name, options);
  }

  createHistogram(name: string, options?: InstrumentOptions): RecordInstrument {
    return this.factory.recorder(this.scope, 'histogram', name, options);
  }

  createObservableCounter(name: string, options?: InstrumentOptions): ObservableInstrument {
    return this.factory.observable(this.scope, 'observableCounter', name, options);
  }

  createObservableUpDownCounter(name: string, options?: InstrumentOptions): ObservableInstrument {
    return this.factory.observable(this.scope, 'observableUpDownCounter', name, options);
  }

  createObservableGauge(name: string, options?: InstrumentOptions): ObservableInstrument {
    return this.factory.observable(this.scope, 'observableGauge', name, options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: readonly object[]): void {
    this.factory.add({ instruments: this.observablesIn(observables), callback, isBatch: true });
  }

  removeBatchObservableCallback(callback: BatchObservableCallback, observables: readonly object[]): void {
    this.factory.remove({ instruments: this.observablesIn(observables), callback, isBatch: true });
  }

  private observablesIn(observables: readonly object[]): Set<ObservableInstrument> {
    if (!Array.isArray(observables)) return new Set();
    return new Set(observables.filter((each) => this.factory.isObservable(each)));
  }
}
