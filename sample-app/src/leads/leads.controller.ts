import { Body, Controller, Delete, Get, HttpCode, Param, ParseIntPipe, Post, Query } from '@nestjs/common';
import type { Deal } from '../deals/deal.entity.js';
import { type Page, PageQuery } from '../page.dto.js';
import { ConvertLeadDto } from './dto/convert-lead.dto.js';
import { CreateLeadDto } from './dto/create-lead.dto.js';
import type { Lead } from './lead.entity.js';
import { LeadsService } from './leads.service.js';

@Controller('leads')
export class LeadsController {
  constructor(private readonly leads: LeadsService) {}

  @Get()
  list(@Query() query: PageQuery): Promise<Page<Lead>> {
    return this.leads.list(query);
  }

  @Get(':id')
  get(@Param('id', ParseIntPipe) id: number): Promise<Lead> {
    return this.leads.get(id);
  }

  @Post()
  create(@Body() dto: CreateLeadDto): Promise<Lead> {
    return this.leads.create(dto);
  }

  @Post(':id/convert')
  convert(@Param('id', ParseIntPipe) id: number, @Body() dto: ConvertLeadDto): Promise<Deal> {
    return this.leads.convert(id, dto);
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.leads.remove(id);
  }
}
