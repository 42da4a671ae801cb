import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { InjectRepository } from '@nestjs/typeorm';
import { MetricsContext } from 'nestjs-monitoring';
import { DashboardPanel, type DashboardPanelContent } from 'nestjs-monitoring/dashboard';
import { Repository } from 'typeorm';
import { Deal } from '../deals/deal.entity.js';
import { DealsService } from '../deals/deals.service.js';

const TIME_TO_DECIDE_MS = 90 * 24 * 3_600 * 1_000;

/** What is done when nobody is there. */
@Injectable()
export class NightlyBatchService {
  constructor(
    @InjectRepository(Deal) private readonly deals: Repository<Deal>,
    private readonly dealsService: DealsService,
    private readonly metrics: MetricsContext,
  ) {}

  /** Looks at every open deal: which have been open for too long? */
  @Cron(CronExpression.EVERY_DAY_AT_3AM, { name: 'nightly_batch' })
  nightly(): Promise<void> {
    return this.metrics.run('nightly_batch', async (job) => {
      const before = Date.now() - TIME_TO_DECIDE_MS;
      let overdue = 0;
      for await (const deal of this.dealsService.all()) {
        job.increment('deals_checked');
        if (deal.stage !== 'open') continue;
        job.observe('open_deal_amount', deal.amountCents / 100);
        if (deal.createdAt.getTime() < before) overdue++;
      }
      job.gauge('overdue_deals', overdue);
    });
  }

  /** Lets the operators run it by hand, after a night in which it has failed. */
  @DashboardPanel({ title: 'Nightly batch', page: 'Sales', order: 2 })
  panel(): DashboardPanelContent {
    return {
      text: 'It looks at every open deal, each night at three.',
      charts: [{ title: 'Overdue deals', lines: [{ metric: 'overdue_deals' }] }],
      actions: [
        { title: 'Run it now', run: () => this.nightly().then(() => 'All open deals were looked at.') },
      ],
    };
  }

  /** Keeps an eye on the pipeline during the day. */
  @Cron(CronExpression.EVERY_10_SECONDS, { name: 'pipeline_check' })
  checkPipeline(): Promise<void> {
    return this.metrics.run('pipeline_check', async (job) => {
      job.gauge('open_deals', await this.deals.countBy({ stage: 'open' }));
    });
  }
}
