import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Assessment } from '../assessments/assessment.entity.js';
import { Deal } from '../deals/deal.entity.js';
import { Lead } from '../leads/lead.entity.js';
import { Payment } from '../payments/payment.entity.js';
import { User } from '../users/user.entity.js';
import { ASSESSMENTS, DEALS, LEADS, PAYMENTS, USERS } from './seed.data.js';

/** Fills an empty database. */
@Injectable()
export class DatabaseSeeder implements OnModuleInit {
  constructor(private readonly database: DataSource) {}

  async onModuleInit(): Promise<void> {
    await this.database.transaction(async (manager) => {
      if (await manager.exists(User)) return;
      await manager.insert(User, USERS);
      await manager.insert(Deal, DEALS);
      await manager.insert(Lead, LEADS);
      await manager.insert(Assessment, ASSESSMENTS);
      await manager.insert(Payment, PAYMENTS);
    });
  }
}
