import { InjectRepository } from '@nestjs/typeorm';
import { type CollectsMetrics, MetricsCollector, type MetricsRegistry } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { type Currency, Deal, DEAL_STAGES, type DealStage } from './deal.entity.js';

interface Group {
  readonly stage: DealStage;
  readonly currency: Currency;
  readonly deals: number | string;
  readonly cents: number | string;
}

/** How the sales stand, read from the database every 15 s by one of the replicas. */
@MetricsCollector({ intervalMs: 15_000, leaderOnly: true })
export class DealsCollector implements CollectsMetrics {
  constructor(@InjectRepository(Deal) private readonly deals: Repository<Deal>) {}

  async collect(registry: MetricsRegistry): Promise<void> {
    const groups = await this.groups();
    const count = registry.gauge('deals', 'Deals, by stage.', { labelNames: ['stage'] });
    const value = registry.gauge('deals_value', 'What the deals are worth, in units of the currency.', {
      labelNames: ['stage', 'currency'],
    });
    for (const stage of DEAL_STAGES) count.set({ stage }, 0);
    value.reset();
    for (const { stage, currency, deals, cents } of groups) {
      count.inc({ stage }, Number(deals));
      value.set({ stage, currency }, Number(cents) / 100);
    }
  }

  private groups(): Promise<Group[]> {
    return this.deals
      .createQueryBuilder('deal')
      .select('deal.stage', 'stage')
      .addSelect('deal.currency', 'currency')
      .addSelect('COUNT(*)', 'deals')
      .addSelect('SUM(deal.amountCents)', 'cents')
      .groupBy('deal.stage')
      .addGroupBy('deal.currency')
      .getRawMany<Group>();
  }
}
