import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Counter, type Histogram, MetricsRegistry } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { ActivityService } from '../activity/activity.service.js';
import { DealsService } from '../deals/deals.service.js';
import { type Page, pageOf, type PageQuery, rowsOf } from '../page.dto.js';
import { ReceiptQueue } from '../receipts/receipt.queue.js';
import type { CreatePaymentDto } from './dto/create-payment.dto.js';
import { Payment } from './payment.entity.js';

@Injectable()
export class PaymentsService {
  private readonly processed: Counter<'currency'>;
  private readonly revenue: Counter<'currency'>;
  private readonly amounts: Histogram<'currency'>;

  constructor(
    @InjectRepository(Payment) private readonly payments: Repository<Payment>,
    private readonly deals: DealsService,
    private readonly activity: ActivityService,
    private readonly receipts: ReceiptQueue,
    registry: MetricsRegistry,
  ) {
    this.processed = registry.counter('payments_processed_total', 'Payments that were taken.', {
      labelNames: ['currency'],
    });
    this.revenue = registry.counter('revenue_cents_total', 'What was paid, in hundredths of the currency.', {
      labelNames: ['currency'],
    });
    this.amounts = registry.histogram('payment_amount', 'Sizes of payments, in units of the currency.', {
      labelNames: ['currency'],
      buckets: [10, 50, 100, 500, 1_000, 5_000, 10_000],
    });
  }

  async list(query: PageQuery): Promise<Page<Payment>> {
    return pageOf(await this.payments.findAndCount({ order: { id: 'ASC' }, ...rowsOf(query) }), query);
  }

  async get(id: number): Promise<Payment> {
    const payment = await this.payments.findOneBy({ id });
    if (payment === null) throw new NotFoundException(`There is no payment ${id}.`);
    return payment;
  }

  async create({ reference, dealId, amountCents }: CreatePaymentDto): Promise<Payment> {
    if (await this.payments.existsBy({ reference })) {
      throw new ConflictException(`Payment ${reference} was taken before.`);
    }
    const deal = await this.deals.get(dealId);
    const { currency } = deal;
    const payment = await this.payments.manager.transaction(async (manager) => {
      await this.deals.settle(deal, amountCents, manager);
      return manager.save(manager.create(Payment, { reference, dealId, amountCents, currency }));
    });
    this.processed.inc({ currency });
    this.revenue.inc({ currency }, amountCents);
    this.amounts.observe({ currency }, amountCents / 100);
    this.activity.record('payment.processed', reference);
    await this.receipts.add({ reference, amountCents });
    return payment;
  }
}
