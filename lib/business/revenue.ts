import type { Counter } from '../metrics/counter.js';

const CURRENCY = /^[A-Z]{3}$/i;

/** A counter of revenue, by currency. */
export class Revenue {
  /** @internal */
  constructor(private readonly counter: Counter<'currency'>) {}

  /**
   * Adds an amount, in units of the currency. A negative amount is dropped and counted in
   * `monitoring_dropped_samples_total`; count refunds with a separate counter.
   *
   * @param currency ISO 4217 code, in upper or lower case; anything else is summed as `OTHER`
   */
  add(amount: number, currency: string): void {
    const code = CURRENCY.test(currency) ? currency.toUpperCase() : 'OTHER';
    this.counter.inc({ currency: code }, amount);
  }
}
