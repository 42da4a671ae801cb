import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MetricsRegistry, type Timer } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { type Currency, Deal, type DealStage } from '../deals/deal.entity.js';
import { ExchangeRatesGateway } from './exchange-rates.gateway.js';

export interface StageTotal {
  stage: DealStage;
  currency: Currency;
  deals: number;
  amountCents: number;
  paidCents: number;
}

export interface RevenueReport {
  currency: 'EUR';
  wonCents: number;
  paidCents: number;
}

@Injectable()
export class ReportsService {
  private readonly duration: Timer<'report'>;

  constructor(
    @InjectRepository(Deal) private readonly deals: Repository<Deal>,
    private readonly rates: ExchangeRatesGateway,
    registry: MetricsRegistry,
  ) {
    this.duration = registry.timer('report_duration_seconds', 'How long a report took.', {
      labelNames: ['report'],
      buckets: [0.01, 0.1, 0.25, 0.5, 1, 2.5],
    });
  }

  pipeline(): Promise<StageTotal[]> {
    return this.duration.time({ report: 'pipeline' }, () => this.stageTotals());
  }

  revenue(): Promise<RevenueReport> {
    return this.duration.time({ report: 'revenue' }, async (): Promise<RevenueReport> => {
      const rates = await this.rates.inEuros();
      const won = (await this.stageTotals()).filter(({ stage }) => stage === 'won');
      const inEuros = (cents: (total: StageTotal) => number): number =>
        Math.round(won.reduce((sum, total) => sum + cents(total) * rates[total.currency], 0));
      return {
        currency: 'EUR',
        wonCents: inEuros((total) => total.amountCents),
        paidCents: inEuros((total) => total.paidCents),
      };
    });
  }

  private async stageTotals(): Promise<StageTotal[]> {
    const rows = await this.deals
      .createQueryBuilder('deal')
      .select('deal.stage', 'stage')
      .addSelect('deal.currency', 'currency')
      .addSelect('COUNT(*)', 'deals')
      .addSelect('SUM(deal.amountCents)', 'amount')
      .addSelect('SUM(deal.paidCents)', 'paid')
      .groupBy('deal.stage')
      .addGroupBy('deal.currency')
      .orderBy('deal.stage')
      .addOrderBy('deal.currency')
      .getRawMany<StageRow>();
    return rows.map(({ stage, currency, deals, amount, paid }) => ({
      stage,
      currency,
      deals: Number(deals),
      amountCents: Number(amount),
      paidCents: Number(paid),
    }));
  }
}

/** PostgreSQL hands sums and counts over as text. */
interface StageRow {
  stage: DealStage;
  currency: Currency;
  deals: number | string;
  amount: number | string;
  paid: number | string;
}
