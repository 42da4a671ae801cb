import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { BusinessMetrics } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { Assessment } from '../assessments/assessment.entity.js';
import { Lead } from '../leads/lead.entity.js';
import { User } from '../users/user.entity.js';

/** The figures of the business that the database tells. */
@Injectable()
export class FiguresService {
  constructor(
    metrics: BusinessMetrics,
    @InjectRepository(User) users: Repository<User>,
    @InjectRepository(Lead) leads: Repository<Lead>,
    @InjectRepository(Assessment) assessments: Repository<Assessment>,
  ) {
    const options = { intervalMs: 30_000, leaderOnly: true };
    metrics.entityCount('users', 'Users.', users, options);
    metrics.entityCount('leads', 'Leads.', leads, options);
    metrics.entityCount('assessments', 'Assessments.', assessments, options);
    metrics.kpi(
      'new_leads',
      'Leads that wait for somebody.',
      () => leads.countBy({ status: 'new' }),
      options,
    );
  }
}
