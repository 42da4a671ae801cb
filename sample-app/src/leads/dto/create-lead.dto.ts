import { IsEmail, IsIn, IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { LEAD_SOURCES, type LeadSource } from '../lead.entity.js';

export class CreateLeadDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  company!: string;

  @IsEmail()
  email!: string;

  @IsIn(LEAD_SOURCES)
  source!: LeadSource;
}
