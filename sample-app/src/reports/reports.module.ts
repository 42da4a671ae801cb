import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Deal } from '../deals/deal.entity.js';
import { ExchangeRatesGateway } from './exchange-rates.gateway.js';
import { ReportsController } from './reports.controller.js';
import { ReportsService } from './reports.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Deal])],
  controllers: [ReportsController],
  providers: [ReportsService, ExchangeRatesGateway],
})
export class ReportsModule {}
