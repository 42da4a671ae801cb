import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Assessment } from '../assessments/assessment.entity.js';
import { Lead } from '../leads/lead.entity.js';
import { User } from '../users/user.entity.js';
import { FiguresService } from './figures.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([User, Lead, Assessment])],
  providers: [FiguresService],
})
export class FiguresModule {}
