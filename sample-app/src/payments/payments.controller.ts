import { Body, Controller, Get, Param, ParseIntPipe, Post, Query, UseGuards } from '@nestjs/common';
import { type Page, PageQuery } from '../page.dto.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { CreatePaymentDto } from './dto/create-payment.dto.js';
import type { Payment } from './payment.entity.js';
import { PaymentsService } from './payments.service.js';

@Controller('payments')
@UseGuards(ApiKeyGuard)
export class PaymentsController {
  constructor(private readonly payments: PaymentsService) {}

  @Get()
  list(@Query() query: PageQuery): Promise<Page<Payment>> {
    return this.payments.list(query);
  }

  @Get(':id')
  get(@Param('id', ParseIntPipe) id: number): Promise<Payment> {
    return this.payments.get(id);
  }

  @Post()
  create(@Body() dto: CreatePaymentDto): Promise<Payment> {
    return this.payments.create(dto);
  }
}
