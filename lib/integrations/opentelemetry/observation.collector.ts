import type { Collector } from '../../metrics/collector.js';
import { isThenable } from '../../primitives/guard.js';
import { NO_ATTRIBUTES } from './instrument.js';
import type {
  BatchObservableCallback,
  ObservableCallback,
  ObservableInstrument,
  Observation,
} from './observable.js';
import type { ObservedMetric, ObservedValue } from './observed-metric.js';

/** A collector that calls one callback of observables, and writes what it observes once it has ended. */
export class ObservationCollector implements Collector {
  private readonly only: ObservableInstrument | undefined;

  /** @param metrics metrics of the instruments; one that is refused has none */
  constructor(
    readonly name: string,
    private readonly observation: Observation,
    private readonly metrics: ReadonlyMap<ObservableInstrument, ObservedMetric>,
  ) {
    this.only = observation.isBatch ? undefined : Array.from(observation.instruments)[0];
  }

  /** @throws {unknown} what the callback throws */
  collect(signal: AbortSignal): void | Promise<void> {
    // Aborted at any failure of this run, a timeout included.
    signal.addEventListener('abort', () => this.failed(), { once: true });
    const observed = new Map<ObservableInstrument, ObservedValue[]>();
    const result = this.call(observed);
    if (!isThenable(result)) {
      this.write(observed);
      return undefined;
    }
    return this.writeAfter(result, observed, signal);
  }

  /** Removes the series of the callback. */
  remove(): void {
    for (const metric of this.metrics.values()) metric.forget(this);
  }

  private async writeAfter(
    result: PromiseLike<unknown>,
    observed: ReadonlyMap<ObservableInstrument, readonly ObservedValue[]>,
    signal: AbortSignal,
  ): Promise<void> {
    await result;
    if (!signal.aborted) this.write(observed);
  }

  private call(observed: Map<ObservableInstrument, ObservedValue[]>): unknown {
    const { only } = this;
    if (only !== undefined) {
      const callback = this.observation.callback as ObservableCallback;
      return callback({ observe: (value, attributes) => this.keep(observed, only, value, attributes) });
    }
    const callback = this.observation.callback as BatchObservableCallback;
    return callback({
      observe: (instrument, value, attributes) =>
        this.keep(observed, instrument as ObservableInstrument, value, attributes),
    });
  }

  private keep(
    observed: Map<ObservableInstrument, ObservedValue[]>,
    instrument: ObservableInstrument,
    value: unknown,
    given: unknown,
  ): void {
    if (!this.metrics.has(instrument)) return;
    const attributes = typeof given === 'object' && given !== null ? given : NO_ATTRIBUTES;
    const values = observed.get(instrument);
    if (values === undefined) observed.set(instrument, [{ value, attributes }]);
    else values.push({ value, attributes });
  }

  private write(observed: ReadonlyMap<ObservableInstrument, readonly ObservedValue[]>): void {
    for (const [instrument, metric] of this.metrics) metric.replace(this, observed.get(instrument) ?? []);
  }

  private failed(): void {
    // A counter goes on from its last count.
    for (const metric of this.metrics.values()) if (metric.isGauge) metric.forget(this);
  }
}
