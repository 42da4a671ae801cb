import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectMetric, type MetricOf } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { ActivityService } from '../activity/activity.service.js';
import type { Deal } from '../deals/deal.entity.js';
import { DealsService } from '../deals/deals.service.js';
import { type Page, pageOf, type PageQuery, rowsOf } from '../page.dto.js';
import type { ConvertLeadDto } from './dto/convert-lead.dto.js';
import type { CreateLeadDto } from './dto/create-lead.dto.js';
import { Lead } from './lead.entity.js';
import { leadsConverted, leadsReceived } from './leads.metrics.js';

@Injectable()
export class LeadsService {
  constructor(
    @InjectRepository(Lead) private readonly leads: Repository<Lead>,
    private readonly deals: DealsService,
    private readonly activity: ActivityService,
    @InjectMetric(leadsReceived) private readonly received: MetricOf<typeof leadsReceived>,
    @InjectMetric(leadsConverted) private readonly converted: MetricOf<typeof leadsConverted>,
  ) {}

  async list(query: PageQuery): Promise<Page<Lead>> {
    return pageOf(await this.leads.findAndCount({ order: { id: 'ASC' }, ...rowsOf(query) }), query);
  }

  async get(id: number): Promise<Lead> {
    const lead = await this.leads.findOneBy({ id });
    if (lead === null) throw new NotFoundException(`There is no lead ${id}.`);
    return lead;
  }

  async create({ company, email, source }: CreateLeadDto): Promise<Lead> {
    const lead = await this.leads.save(this.leads.create({ company, email, source, status: 'new' }));
    this.received.inc({ source: lead.source });
    this.activity.record('lead.created', lead.company);
    return lead;
  }

  /** Makes a deal of the lead: both happen, or neither. */
  async convert(id: number, { amountCents, currency, ownerId }: ConvertLeadDto): Promise<Deal> {
    const lead = await this.get(id);
    const deal = await this.leads.manager.transaction(async (manager) => {
      const { affected } = await manager.update(Lead, { id, status: 'new' }, { status: 'converted' });
      if (affected === 0) throw new ConflictException(`Lead ${id} was converted before.`);
      const created = await this.deals.create(
        { title: lead.company, amountCents, currency, ownerId },
        manager,
      );
      await manager.update(Lead, { id }, { dealId: created.id });
      return created;
    });
    this.converted.inc({ source: lead.source });
    this.activity.record('lead.converted', lead.company);
    return deal;
  }

  async remove(id: number): Promise<void> {
    const { affected } = await this.leads.delete({ id });
    if (affected === 0) throw new NotFoundException(`There is no lead ${id}.`);
  }
}
