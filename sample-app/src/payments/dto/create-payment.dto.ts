import { IsInt, IsNotEmpty, IsString, MaxLength, Min } from 'class-validator';

export class CreatePaymentDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(50)
  reference!: string;

  @IsInt()
  @Min(1)
  dealId!: number;

  @IsInt()
  @Min(1)
  amountCents!: number;
}
