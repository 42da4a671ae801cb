import { CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Deal } from '../deals/deal.entity.js';
import { ExchangeRatesGateway } from './exchange-rates.gateway.js';
import { ExchangeRatesHealth } from './exchange-rates.health.js';
import { ExchangeRatesServer } from './exchange-rates.server.js';
import { Settings } from '../settings/settings.js';
import { reportsCache } from './reports.cache.js';
import { ReportsController } from './reports.controller.js';
import { ReportsService } from './reports.service.js';

@Module({
  imports: [
    CacheModule.registerAsync({
      inject: [Settings],
      useFactory: ({ redisUrl }: Settings) => reportsCache(redisUrl),
    }),
    TypeOrmModule.forFeature([Deal]),
  ],
  controllers: [ReportsController],
  providers: [ReportsService, ExchangeRatesGateway, ExchangeRatesHealth, ExchangeRatesServer],
})
export class ReportsModule {}
