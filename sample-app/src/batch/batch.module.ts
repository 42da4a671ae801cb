import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Deal } from '../deals/deal.entity.js';
import { DealsModule } from '../deals/deals.module.js';
import { NightlyBatchService } from './nightly-batch.service.js';

@Module({
  imports: [ScheduleModule.forRoot(), TypeOrmModule.forFeature([Deal]), DealsModule],
  providers: [NightlyBatchService],
})
export class BatchModule {}
