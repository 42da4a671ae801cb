import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { decoratedProviders, missingMethodMessage } from '../primitives/decorated-providers.js';
import { freeName } from '../primitives/free-name.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { HEALTH_CHECK_OPTIONS } from './health-check-provider.decorator.js';
import type { HealthCheck, HealthCheckOptions } from './health-check.js';

/** The discovery of providers decorated with `@HealthCheckProvider()`. */
export class HealthCheckExplorer {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));

  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Returns the health check of each decorated instance, in provider order.
   *
   * @throws {MonitoringOptionsError} if one has no method `check()`
   */
  find(): HealthCheck[] {
    const checks = new Map<object, HealthCheck>();
    const names = new Set<string>();
    const types = new Set<Function>();
    for (const found of decoratedProviders(this.modules.values(), optionsOf)) {
      const { options, type, instance } = found;
      if (instance === undefined) {
        this.logger.warn(
          `Health check \`${options.name}\` is ignored: its provider is request-scoped or transient. Give it and its dependencies the default scope.`,
        );
        continue;
      }
      if (!isChecking(instance)) {
        const remedy = "Add one that returns { status: 'healthy' }, or another status.";
        throw new MonitoringOptionsError(
          missingMethodMessage('@HealthCheckProvider()', 'check', found, remedy),
        );
      }
      if (checks.has(instance)) continue;
      // Two instances of a class have the name of its decorator in common.
      const name = types.has(type) ? freeName(options.name, (other) => names.has(other)) : options.name;
      types.add(type);
      names.add(name);
      checks.set(instance, { ...options, name, check: (signal) => instance.check(signal) });
    }
    return [...checks.values()];
  }
}

function optionsOf(type: Function): HealthCheckOptions | undefined {
  return Reflect.getMetadata(HEALTH_CHECK_OPTIONS, type) as HealthCheckOptions | undefined;
}

function isChecking(instance: object): instance is Pick<HealthCheck, 'check'> {
  return typeof (instance as Partial<HealthCheck>).check === 'function';
}
