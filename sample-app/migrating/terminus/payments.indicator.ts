import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';

/** As it was written for terminus; it is not touched by the migration. */
@Injectable()
export class PaymentsIndicator {
  static balance = 10;

  constructor(private readonly indicators: HealthIndicatorService) {}

  async check(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('payments');
    const { balance } = PaymentsIndicator;
    return balance > 0 ? indicator.up({ balance }) : indicator.down({ balance });
  }
}
