import type { Counter } from '../metrics/counter.js';

const CURRENCY = /^[A-Z]{3}$/i;

/** What was taken, by currency. */
export class Revenue {
  /** @internal */
  constructor(private readonly counter: Counter<'currency'>) {}

  /**
   * Adds an amount, in units of the currency. A negative one is refused and counted in
   * `monitoring_dropped_samples_total`: give back through a counter of its own.
   *
   * @param currency its code in ISO 4217, in capitals or not; anything else is summed as `OTHER`
   */
  add(amount: number, currency: string): void {
    const code = CURRENCY.test(currency) ? currency.toUpperCase() : 'OTHER';
    this.counter.inc({ currency: code }, amount);
  }
}
