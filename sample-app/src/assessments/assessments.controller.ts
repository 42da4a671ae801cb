import { Body, Controller, Get, Param, ParseIntPipe, Post } from '@nestjs/common';
import type { Assessment } from './assessment.entity.js';
import { AssessmentsService, type LatestAssessment } from './assessments.service.js';
import { CreateAssessmentDto } from './dto/create-assessment.dto.js';

@Controller('deals/:dealId/assessments')
export class AssessmentsController {
  constructor(private readonly assessments: AssessmentsService) {}

  @Get()
  list(@Param('dealId', ParseIntPipe) dealId: number): Promise<Assessment[]> {
    return this.assessments.list(dealId);
  }

  @Get('latest')
  latest(@Param('dealId', ParseIntPipe) dealId: number): Promise<LatestAssessment> {
    return this.assessments.latest(dealId);
  }

  @Post()
  create(
    @Param('dealId', ParseIntPipe) dealId: number,
    @Body() dto: CreateAssessmentDto,
  ): Promise<Assessment> {
    return this.assessments.create(dealId, dto);
  }
}
