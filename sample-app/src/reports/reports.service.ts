import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MetricsRegistry, type Timer } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { type Currency, Deal, type DealStage } from '../deals/deal.entity.js';
import { ExchangeRatesGateway } from './exchange-rates.gateway.js';
import { type Forecast, simulateRevenue } from './forecast.js';

/** So many open deals are forecast. */
const FORECAST_DEALS = 100;
/** So many deals are compared with each other. */
const COMPARED_DEALS = 150;

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

/** Two deals, and how many have an amount between theirs, they included. */
export interface SimilarDeals {
  first: number;
  second: number;
  deals: number;
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

  /**
   * The most similar of the last deals, by their amounts. A planted fault: the statement counts the deals in between anew
   * for each pair, where the sorted amounts would do, and takes the database half a second.
   */
  similarDeals(): Promise<SimilarDeals[]> {
    return this.duration.time({ report: 'similar_deals' }, async () => {
      const [last] = await this.deals.find({ order: { id: 'DESC' }, take: 1 });
      const rows = await this.deals
        .createQueryBuilder('a')
        .innerJoin(Deal, 'b', 'b.amountCents > a.amountCents')
        .select('a.id', 'first')
        .addSelect('b.id', 'second')
        .addSelect(
          (between) =>
            between
              .select('COUNT(*)')
              .from(Deal, 'c')
              .where('c.id > :after AND c.amountCents BETWEEN a.amountCents AND b.amountCents'),
          'deals',
        )
        .where('a.id > :after AND b.id > :after', { after: (last?.id ?? 0) - COMPARED_DEALS })
        .orderBy('deals')
        .addOrderBy('a.id')
        .limit(20)
        .getRawMany<{ [column in keyof SimilarDeals]: number | string }>();
      return rows.map(({ first, second, deals }) => ({
        first: Number(first),
        second: Number(second),
        deals: Number(deals),
      }));
    });
  }

  forecast(): Promise<Forecast> {
    return this.duration.time({ report: 'forecast' }, async () => {
      const open = await this.deals.find({
        where: { stage: 'open' },
        order: { amountCents: 'DESC' },
        take: FORECAST_DEALS,
      });
      return simulateRevenue(
        open.map(({ amountCents }) => amountCents),
        0.5,
      );
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
