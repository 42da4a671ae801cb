import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Currency } from '../deals/deal.entity.js';

const EUROS: Readonly<Record<Currency, number>> = { EUR: 1, USD: 0.92, GBP: 1.17 };

/** Stands for a service of somebody else: mostly it takes half a second, now and then more than one. */
@Injectable()
export class ExchangeRatesGateway {
  async inEuros(): Promise<Readonly<Record<Currency, number>>> {
    await sleep(350 + 1_200 * Math.random() ** 4);
    return EUROS;
  }
}
