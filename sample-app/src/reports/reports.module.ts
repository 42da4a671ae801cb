import { CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Deal } from '../deals/deal.entity.js';
import { ExchangeRatesGateway } from './exchange-rates.gateway.js';
import { ReportsController } from './reports.controller.js';
import { ReportsService } from './reports.service.js';

@Module({
  // A report may be a little old.
  imports: [CacheModule.register({ ttl: 2_000 }), TypeOrmModule.forFeature([Deal])],
  controllers: [ReportsController],
  providers: [ReportsService, ExchangeRatesGateway],
})
export class ReportsModule {}
