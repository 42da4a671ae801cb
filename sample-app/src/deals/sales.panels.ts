import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DashboardPanel, type DashboardPanelContent } from 'nestjs-monitoring/dashboard';
import { Repository } from 'typeorm';
import { Deal } from './deal.entity.js';

const LARGEST = 10;

/** The page of the sales on the dashboard of the operators. */
@Injectable()
export class SalesPanels {
  constructor(@InjectRepository(Deal) private readonly deals: Repository<Deal>) {}

  @DashboardPanel({ title: 'Pipeline', page: 'Sales' })
  async pipeline(): Promise<DashboardPanelContent> {
    const [open, won, lost] = await Promise.all(
      (['open', 'won', 'lost'] as const).map((stage) => this.deals.countBy({ stage })),
    );
    const decided = (won ?? 0) + (lost ?? 0);
    return {
      figures: [
        { title: 'Open deals', value: open },
        { title: 'Won', value: won },
        { title: 'Won of those decided', value: decided === 0 ? null : (won ?? 0) / decided, unit: 'ratio' },
      ],
      charts: [
        { title: 'Deals by stage', lines: [{ metric: 'deals', groupBy: ['stage'] }] },
        { title: 'Deals won', lines: [{ metric: 'deals_won_total' }] },
      ],
    };
  }

  @DashboardPanel({ title: 'Largest open deals', page: 'Sales', order: 1 })
  async largest(): Promise<DashboardPanelContent> {
    const [deals, total] = await this.deals.findAndCount({
      where: { stage: 'open' },
      order: { amountCents: 'DESC' },
      take: LARGEST,
    });
    return {
      tables: [
        {
          title: 'Largest open deals',
          columns: ['Deal', { title: 'Amount', unit: 'number' }, 'Currency', 'Open since'],
          rows: deals.map(({ title, amountCents, currency, createdAt }) => [
            title,
            amountCents / 100,
            currency,
            createdAt,
          ]),
          total,
          empty: 'No deal is open.',
        },
      ],
    };
  }
}
