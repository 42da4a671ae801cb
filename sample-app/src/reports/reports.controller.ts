import { CacheInterceptor } from '@nestjs/cache-manager';
import { Controller, Get, UseInterceptors, Version } from '@nestjs/common';
import type { Forecast } from './forecast.js';
import { ReportsService, type RevenueReport, type SimilarDeals, type StageTotal } from './reports.service.js';

@Controller('reports')
export class ReportsController {
  constructor(private readonly reports: ReportsService) {}

  /** Only how many deals there are; kept for who still asks for it. */
  @Get('pipeline')
  @Version('1')
  @UseInterceptors(CacheInterceptor)
  async dealCounts(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { stage, deals } of await this.reports.pipeline()) {
      counts[stage] = (counts[stage] ?? 0) + deals;
    }
    return counts;
  }

  @Get('pipeline')
  @Version('2')
  @UseInterceptors(CacheInterceptor)
  pipeline(): Promise<StageTotal[]> {
    return this.reports.pipeline();
  }

  /** Slow: it waits for the exchange rates. */
  @Get('revenue')
  revenue(): Promise<RevenueReport> {
    return this.reports.revenue();
  }

  /** Slow: its statement is. */
  @Get('similar-deals')
  similarDeals(): Promise<SimilarDeals[]> {
    return this.reports.similarDeals();
  }

  /** Slow, and everything else with it: it computes. */
  @Get('forecast')
  forecast(): Promise<Forecast> {
    return this.reports.forecast();
  }
}
