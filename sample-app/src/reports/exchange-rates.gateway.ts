import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { TrackErrors } from 'nestjs-monitoring';
import type { Currency } from '../deals/deal.entity.js';

const EUROS: Readonly<Record<Currency, number>> = { EUR: 1, USD: 0.92, GBP: 1.17 };

/** So many may ask at the same time. */
const MOST_AT_ONCE = 20;

/**
 * Stands for a service of somebody else: mostly it takes half a second, now and then more than one, and it turns away
 * whoever comes when too many ask.
 */
@Injectable()
export class ExchangeRatesGateway {
  private underWay = 0;

  @TrackErrors({ metricName: 'external_api_errors_total', labels: { gateway: 'exchange_rates' } })
  async inEuros(): Promise<Readonly<Record<Currency, number>>> {
    if (this.underWay >= MOST_AT_ONCE) {
      throw new ServiceUnavailableException('The exchange rates cannot be had now');
    }
    this.underWay++;
    await sleep(350 + 1_200 * Math.random() ** 4).finally(() => this.underWay--);
    return EUROS;
  }
}
