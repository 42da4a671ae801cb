import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Redirect,
  StreamableFile,
} from '@nestjs/common';
import type { Page } from '../page.dto.js';
import type { Deal } from './deal.entity.js';
import { dealsAsCsv } from './deals.csv.js';
import { DealsService } from './deals.service.js';
import { CreateDealDto } from './dto/create-deal.dto.js';
import { ListDealsQuery } from './dto/list-deals.query.js';

@Controller('deals')
export class DealsController {
  constructor(private readonly deals: DealsService) {}

  @Get()
  list(@Query() query: ListDealsQuery): Promise<Page<Deal>> {
    return this.deals.list(query);
  }

  @Get('export.csv')
  export(): StreamableFile {
    return new StreamableFile(Readable.from(dealsAsCsv(this.deals.all())), {
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="deals.csv"',
    });
  }

  @Get(':id')
  get(@Param('id', ParseIntPipe) id: number): Promise<Deal> {
    return this.deals.get(id);
  }

  @Get(':id/owner')
  @Redirect()
  async owner(@Param('id', ParseIntPipe) id: number): Promise<{ url: string }> {
    const { ownerId } = await this.deals.get(id);
    return { url: `/api/users/${ownerId}` };
  }

  @Post()
  create(@Body() dto: CreateDealDto): Promise<Deal> {
    return this.deals.create(dto);
  }

  @Post(':id/win')
  @HttpCode(200)
  win(@Param('id', ParseIntPipe) id: number): Promise<Deal> {
    return this.deals.win(id);
  }

  @Post(':id/lose')
  @HttpCode(200)
  lose(@Param('id', ParseIntPipe) id: number): Promise<Deal> {
    return this.deals.lose(id);
  }
}
