import { IsIn, IsInt, IsNotEmpty, IsString, Max, MaxLength, Min } from 'class-validator';
import { CURRENCIES, type Currency } from '../deal.entity.js';

export class CreateDealDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  title!: string;

  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  amountCents!: number;

  @IsIn(CURRENCIES)
  currency!: Currency;

  @IsInt()
  @Min(1)
  ownerId!: number;
}
