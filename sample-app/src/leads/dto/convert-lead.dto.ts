import { IsIn, IsInt, Max, Min } from 'class-validator';
import { CURRENCIES, type Currency } from '../../deals/deal.entity.js';

export class ConvertLeadDto {
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
