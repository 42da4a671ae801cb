import { type HealthCheckAnswer, HealthCheckProvider } from 'nestjs-monitoring';
import { CURRENCIES } from '../deals/deal.entity.js';
import { ExchangeRatesGateway } from './exchange-rates.gateway.js';

/**
 * Whether the revenue report can be made. Only reports need the rates, so the application takes requests without
 * them, too; and they are slow, so no probe waits for them. That they cannot be had once is nothing yet.
 */
@HealthCheckProvider({
  name: 'exchange_rates',
  critical: false,
  refreshIntervalMs: 30_000,
  failureThreshold: 2,
})
export class ExchangeRatesHealth {
  constructor(private readonly gateway: ExchangeRatesGateway) {}

  async check(): Promise<HealthCheckAnswer> {
    const rates = await this.gateway.inEuros();
    const missing = CURRENCIES.filter((currency) => !(rates[currency] > 0));
    return missing.length === 0
      ? { status: 'healthy', message: 'There is a rate for every currency' }
      : { status: 'degraded', message: 'There are currencies without a rate', details: { missing } };
  }
}
