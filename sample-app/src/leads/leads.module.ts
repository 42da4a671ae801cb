import { Module } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DealsModule } from '../deals/deals.module.js';
import { Lead } from './lead.entity.js';
import { LeadsController } from './leads.controller.js';
import { leadsConverted, leadsReceived } from './leads.metrics.js';
import { LeadsService } from './leads.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Lead]),
    MonitoringModule.forFeature([leadsReceived, leadsConverted]),
    DealsModule,
  ],
  controllers: [LeadsController],
  providers: [LeadsService],
})
export class LeadsModule {}
