import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { TrackErrors } from 'nestjs-monitoring';
import type { Currency } from '../deals/deal.entity.js';
import { ExchangeRatesServer } from './exchange-rates.server.js';

type ExchangeRates = Readonly<Record<Currency, number>>;

/** Asks a service of somebody else, by a request that needs no code to be measured: see http_client_requests_total. */
@Injectable()
export class ExchangeRatesGateway {
  constructor(private readonly server: ExchangeRatesServer) {}

  @TrackErrors({ metricName: 'external_api_errors_total', labels: { gateway: 'exchange_rates' } })
  async inEuros(): Promise<ExchangeRates> {
    const response = await fetch(this.server.url);
    const body = await response.text();
    if (!response.ok) throw new ServiceUnavailableException('The exchange rates cannot be had now');
    return JSON.parse(body) as ExchangeRates;
  }
}
