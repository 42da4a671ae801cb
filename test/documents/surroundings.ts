// What the text around the code of the documents speaks of, and what an application has of its own.
import type { CanActivate, DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { HealthCheckService } from '@nestjs/terminus';
import type {
  AlertingMonitor,
  AlertRule,
  ApiStatistics,
  BusinessMetrics,
  Countable,
  HealthMonitor,
  HealthStatus,
  Histogram,
  MetricsHistory,
  MetricsRegistry,
  MonitoringHealthIndicator,
  PerformanceMonitor,
  Timer,
} from 'nestjs-monitoring';

export { writeFile } from 'node:fs/promises';
export { it } from '@jest/globals';

// Injected, or made, somewhere else.
export declare const alerting: AlertingMonitor;
export declare const app: INestApplication;
export declare const AppModule: Type;
export declare const healthMonitor: HealthMonitor;
export declare const history: MetricsHistory;
export declare const metrics: BusinessMetrics;
export declare const monitoringHealthIndicator: MonitoringHealthIndicator;
export declare const performanceMonitor: PerformanceMonitor;
export declare const registry: MetricsRegistry;
export declare const statistics: ApiStatistics;
export declare const size: Histogram;
export declare const query: Timer;
export declare const rules: AlertRule[];

// Of other libraries.
export declare function pino(options: { mixin: () => object }): unknown;
export declare const healthService: HealthCheckService;
export declare const lockClient: { query(statement: string): Promise<{ rows: { mine: boolean }[] }> };
export declare const ConfigModule: DynamicModule;
export declare class ConfigService {
  getOrThrow(name: string): string;
}

// Of the application.
export declare class DealsService {
  countOpen(options: { signal: AbortSignal }): Promise<number>;
}
export declare const dealsRepository: Countable;
export interface User {
  readonly id: string;
}
export declare class PaymentGateway {
  status(options: { signal: AbortSignal }): Promise<{ balance: number }>;
}
export declare class PagerService {
  notify(check: string, status: HealthStatus): void;
  page(text: string): Promise<void>;
}
export declare const pager: PagerService;
export declare function sendEmail(mail: { subject: string; body: string }): Promise<void>;
export declare const jobs: { count(): Promise<number> };
export declare const crm: {
  pipeline(): Promise<{ euros: number }>;
  stages(): Promise<{ labels: { stage: string }; value: number }[]>;
};
export declare const request: { user: User };
export declare const apiKey: string;
export declare const AdminGuard: Type<CanActivate>;
export declare const fn: (id: string) => Promise<number>;
