import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsersModule } from '../users/users.module.js';
import { Deal } from './deal.entity.js';
import { DealsCollector } from './deals.collector.js';
import { DealsController } from './deals.controller.js';
import { DealsService } from './deals.service.js';
import { SalesPanels } from './sales.panels.js';

@Module({
  imports: [TypeOrmModule.forFeature([Deal]), UsersModule],
  controllers: [DealsController],
  providers: [DealsService, DealsCollector, SalesPanels],
  exports: [DealsService],
})
export class DealsModule {}
