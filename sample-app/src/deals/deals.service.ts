import {
  ConflictException,
  Injectable,
  NotFoundException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Counter, MetricsRegistry, MonitorModelOperation } from 'nestjs-monitoring';
import { type EntityManager, LessThanOrEqual, MoreThan, Repository } from 'typeorm';
import { ActivityService } from '../activity/activity.service.js';
import { type Page, pageOf, rowsOf } from '../page.dto.js';
import { UsersService } from '../users/users.service.js';
import { Deal } from './deal.entity.js';
import type { CreateDealDto } from './dto/create-deal.dto.js';
import type { ListDealsQuery } from './dto/list-deals.query.js';

const EXPORT_BATCH = 100;

@Injectable()
export class DealsService {
  private readonly won: Counter;
  private readonly lost: Counter;

  constructor(
    @InjectRepository(Deal) private readonly deals: Repository<Deal>,
    private readonly users: UsersService,
    private readonly activity: ActivityService,
    registry: MetricsRegistry,
  ) {
    this.won = registry.counter('deals_won_total', 'Deals that were won.');
    this.lost = registry.counter('deals_lost_total', 'Deals that were lost.');
  }

  async list(query: ListDealsQuery): Promise<Page<Deal>> {
    const found = await this.deals.findAndCount({
      where: query.stage === undefined ? {} : { stage: query.stage },
      order: { id: 'ASC' },
      ...rowsOf(query),
    });
    return pageOf(found, query);
  }

  /** The deal together with its owner. */
  async get(id: number): Promise<Deal> {
    const deal = await this.deals.findOne({ where: { id }, relations: { owner: true } });
    if (deal === null) throw new NotFoundException(`There is no deal ${id}.`);
    return deal;
  }

  /** @param manager that of a transaction, if the deal is part of one */
  @MonitorModelOperation('create', { model: 'Deal' })
  async create(dto: CreateDealDto, manager: EntityManager = this.deals.manager): Promise<Deal> {
    if (!(await this.users.maySell(dto.ownerId, manager))) {
      throw new UnprocessableEntityException(`User ${dto.ownerId} cannot own a deal.`);
    }
    const deal = await manager.save(manager.create(Deal, dto));
    this.activity.record('deal.created', deal.title);
    return deal;
  }

  async win(id: number): Promise<Deal> {
    const deal = await this.close(id, 'won');
    this.won.inc();
    return deal;
  }

  async lose(id: number): Promise<Deal> {
    const deal = await this.close(id, 'lost');
    this.lost.inc();
    return deal;
  }

  /** Takes what was paid for a won deal, up to its amount. */
  async settle({ id, amountCents: due }: Deal, amountCents: number, manager: EntityManager): Promise<void> {
    const { affected } = await manager.increment(
      Deal,
      { id, stage: 'won', paidCents: LessThanOrEqual(due - amountCents) },
      'paidCents',
      amountCents,
    );
    if (affected === 0) {
      throw new UnprocessableEntityException(
        `Deal ${id} is not won, or less than ${amountCents} cents are due.`,
      );
    }
  }

  /** Every deal in the order of its id, however many there are: only one batch is in memory at a time. */
  async *all(): AsyncGenerator<Deal> {
    let lastId = 0;
    for (;;) {
      const batch = await this.deals.find({
        where: { id: MoreThan(lastId) },
        order: { id: 'ASC' },
        take: EXPORT_BATCH,
      });
      yield* batch;
      const last = batch.at(-1);
      if (last === undefined || batch.length < EXPORT_BATCH) return;
      lastId = last.id;
    }
  }

  private async close(id: number, stage: 'won' | 'lost'): Promise<Deal> {
    // One statement, so that of two people who close a deal at once only one succeeds.
    const { affected } = await this.deals.update({ id, stage: 'open' }, { stage });
    const deal = await this.get(id);
    if (affected === 0) throw new ConflictException(`Deal ${id} is already ${deal.stage}.`);
    this.activity.record(`deal.${stage}`, deal.title);
    return deal;
  }
}
