import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock } from '../metrics/clock.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { MonitoringModule } from '../module/monitoring.module.js';
import { GIVEN_REGISTRY } from '../module/given-registry.token.js';

/** Options of {@link MonitoringTestingModule.forRoot}. The result of `createTestRegistry()` is accepted. */
export interface MonitoringTestingOptions {
  /** The registry that the code under test records in. @default a registry that records nothing */
  readonly registry?: MetricsRegistry;
  /** The clock of history, health and alerting. @default the system clock */
  readonly clock?: Clock;
}

/**
 * A module for unit tests. It provides everything that `MonitoringModule` provides, without routes, timers, collectors
 * and instrumentation. Feature modules that import `MonitoringModule.forFeature()` work unchanged.
 */
@Module({})
export class MonitoringTestingModule {
  /** Returns the module. Without a registry, instruments record nothing. */
  static forRoot({ registry, clock }: MonitoringTestingOptions = {}): DynamicModule {
    return {
      module: MonitoringTestingModule,
      global: true,
      imports: [MonitoringModule.forRoot({ enabled: false, ...(clock && { clock }) })],
      providers: [{ provide: GIVEN_REGISTRY, useValue: registry ?? null }],
      exports: [GIVEN_REGISTRY],
    };
  }
}
