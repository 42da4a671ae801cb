import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { HealthCheckProvider, MonitoringModule } from 'nestjs-monitoring';
import { PaymentsIndicator } from './payments.indicator.js';

@HealthCheckProvider({ name: 'payments' })
class PaymentsHealth {
  constructor(private readonly payments: PaymentsIndicator) {}

  check() {
    return this.payments.check();
  }
}

@Module({
  imports: [MonitoringModule.forRoot(), TerminusModule],
  providers: [PaymentsIndicator, PaymentsHealth],
})
class AppModule {}

export const createApp = () => NestFactory.create(AppModule, { logger: false });
