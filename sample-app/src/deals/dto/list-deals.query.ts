import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../../page.dto.js';
import { DEAL_STAGES, type DealStage } from '../deal.entity.js';

export class ListDealsQuery extends PageQuery {
  @IsOptional()
  @IsIn(DEAL_STAGES)
  stage?: DealStage;
}
