import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock } from '../metrics/clock.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { MonitoringModule } from '../module/monitoring.module.js';
import { GIVEN_REGISTRY } from '../module/given-registry.token.js';
import type { TestRegistry } from './test-registry.js';
import { expectKeys, expectOption } from '../options/option-checks.js';

/** Options of {@link MonitoringTestingModule.forRoot}. The result of `createTestRegistry()` is accepted. */
export interface MonitoringTestingOptions {
  /** The registry that the code under test records in. @default a registry that records nothing */
  readonly registry?: MetricsRegistry;
  /** The clock of history, health and alerting. @default the system clock */
  readonly clock?: Clock;
}

const OWNER = 'the options of MonitoringTestingModule';
/** Keys of the options, with the one that only the result of `createTestRegistry()` has. */
const KEYS: readonly (keyof TestRegistry)[] = ['registry', 'clock', 'warnings'];

/**
 * A module for unit tests. It provides everything that `MonitoringModule` provides, without routes, timers, collectors
 * and instrumentation. Feature modules that import `MonitoringModule.forFeature()` work unchanged.
 */
@Module({})
export class MonitoringTestingModule {
  /**
   * Returns the module. Without a registry, instruments record nothing.
   *
   * @throws {MonitoringOptionsError} for invalid options, such as a registry in place of `{ registry }`
   */
  static forRoot(options: MonitoringTestingOptions = {}): DynamicModule {
    expectKeys(OWNER, options, KEYS);
    const { registry, clock } = options;
    // Not by its class, since a test may get the registry from the other copy of this library.
    const isRegistry = registry === undefined || typeof Object(registry).counter === 'function';
    const expected = 'a MetricsRegistry, such as that of createTestRegistry()';
    expectOption(`registry of ${OWNER}`, registry, expected, isRegistry);
    return {
      module: MonitoringTestingModule,
      global: true,
      imports: [MonitoringModule.forRoot({ enabled: false, ...(clock && { clock }) })],
      providers: [{ provide: GIVEN_REGISTRY, useValue: registry ?? null }],
      exports: [GIVEN_REGISTRY],
    };
  }
}
