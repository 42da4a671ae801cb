import { Module } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import { ActivityModule } from './activity/activity.module.js';
import { AssessmentsModule } from './assessments/assessments.module.js';
import { BatchModule } from './batch/batch.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DealsModule } from './deals/deals.module.js';
import { FiguresModule } from './figures/figures.module.js';
import { diagnosticsFrom } from './diagnostics.js';
import { endpointsFrom } from './endpoints.js';
import { exportersFrom } from './exporters.js';
import { LeadsModule } from './leads/leads.module.js';
import { alertLog } from './monitoring/alert-log.js';
import { alertRules } from './monitoring/alert-rules.js';
import { PaymentsModule } from './payments/payments.module.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { SettingsModule } from './settings/settings.module.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    MonitoringModule.forRoot({
      defaultLabels: { service: 'enterprise-land' },
      history: { intervalMs: 5_000 },
      alerting: { intervalMs: 5_000, rules: alertRules, handlers: [alertLog] },
      collectors: { build: { name: 'enterprise-land', version: '1.0.0' } },
      diagnostics: diagnosticsFrom(process.env),
      exporters: exportersFrom(process.env),
      endpoints: endpointsFrom(process.env),
    }),
    SettingsModule,
    DatabaseModule,
    ActivityModule,
    // Checked with the other settings, before anything is started.
    ReceiptsModule.on(process.env['REDIS_URL'] || undefined),
    UsersModule,
    DealsModule,
    LeadsModule,
    AssessmentsModule,
    PaymentsModule,
    FiguresModule,
    ReportsModule,
    BatchModule,
  ],
})
export class AppModule {}
