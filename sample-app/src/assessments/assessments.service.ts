import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Histogram, MetricsRegistry } from 'nestjs-monitoring';
import { Repository } from 'typeorm';
import { ActivityService } from '../activity/activity.service.js';
import { DealsService } from '../deals/deals.service.js';
import { Assessment } from './assessment.entity.js';
import type { CreateAssessmentDto } from './dto/create-assessment.dto.js';

export interface LatestAssessment {
  score: number;
  isLikely: boolean;
}

@Injectable()
export class AssessmentsService {
  private readonly scores: Histogram;

  constructor(
    @InjectRepository(Assessment) private readonly assessments: Repository<Assessment>,
    private readonly deals: DealsService,
    private readonly activity: ActivityService,
    registry: MetricsRegistry,
  ) {
    this.scores = registry.histogram('assessment_score', 'Scores that deals were given, from 0 to 100.', {
      buckets: [10, 20, 30, 40, 50, 60, 70, 80, 90],
    });
  }

  async list(dealId: number): Promise<Assessment[]> {
    const { id } = await this.deals.get(dealId);
    return this.assessments.find({ where: { dealId: id }, order: { id: 'ASC' } });
  }

  /** A planted fault: nobody has thought of a deal without an assessment. */
  async latest(dealId: number): Promise<LatestAssessment> {
    const assessments = await this.list(dealId);
    const { score } = assessments[assessments.length - 1]!;
    return { score, isLikely: score >= 50 };
  }

  async create(dealId: number, { score, note }: CreateAssessmentDto): Promise<Assessment> {
    const deal = await this.deals.get(dealId);
    if (deal.stage !== 'open') {
      throw new UnprocessableEntityException(
        `Deal ${dealId} is ${deal.stage}: only open deals are assessed.`,
      );
    }
    const assessment = await this.assessments.save(
      this.assessments.create({ dealId, score, note: note ?? '' }),
    );
    this.scores.observe(assessment.score);
    this.activity.record('deal.assessed', deal.title);
    return assessment;
  }
}
