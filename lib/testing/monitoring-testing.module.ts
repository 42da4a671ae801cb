import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock } from '../metrics/clock.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { MonitoringModule } from '../module/monitoring.module.js';
import { GIVEN_REGISTRY } from '../module/given-registry.token.js';

/** Options of {@link MonitoringTestingModule.forRoot}; what `createTestRegistry()` gives fits. */
export interface MonitoringTestingOptions {
  /** What the code under test records in. @default one that records nothing */
  readonly registry?: MetricsRegistry;
  /** The time of history, health and alerting. @default the clock of the machine */
  readonly clock?: Clock;
}

/**
 * Monitoring for unit tests: whatever `MonitoringModule` provides can be injected, and nothing happens by itself:
 * no route, no timer, no collector, nothing measured from outside. Feature modules that import
 * `MonitoringModule.forFeature()` work with it as they are.
 */
@Module({})
export class MonitoringTestingModule {
  /** Every instrument does nothing, unless there is a registry for what the code under test records. */
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
