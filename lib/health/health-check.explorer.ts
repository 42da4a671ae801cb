import { Logger, type Type } from '@nestjs/common';
import { type ModulesContainer, Reflector } from '@nestjs/core';
import { HEALTH_CHECK_OPTIONS } from './health-check-provider.decorator.js';
import type { HealthCheck, HealthCheckOptions } from './health-check.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** The discovery of providers decorated with `@HealthCheckProvider()`. */
export class HealthCheckExplorer {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly reflector = new Reflector();

  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Returns the health check of each decorated instance, in provider order.
   *
   * @throws {MonitoringOptionsError} if one has no method `check()`
   */
  find(): HealthCheck[] {
    const checks = new Map<object, HealthCheck>();
    for (const { providers } of this.modules.values()) {
      for (const [token, wrapper] of providers) {
        const options = this.optionsOf(token) ?? this.optionsOf(wrapper.metatype);
        if (options === undefined || wrapper.isAlias) continue;
        if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) {
          this.logger.warn(
            `Health check \`${options.name}\` is ignored: its provider is request-scoped or transient. Give it and its dependencies the default scope.`,
          );
          continue;
        }
        const instance = wrapper.instance as HealthCheck | undefined;
        if (!instance) continue;
        if (typeof instance.check !== 'function') {
          throw new MonitoringOptionsError(
            `${instance.constructor.name} has @HealthCheckProvider() but no method check(). Add one that returns { status: 'healthy' }, or another status.`,
          );
        }
        checks.set(instance, { ...options, check: (signal) => instance.check(signal) });
      }
    }
    return [...checks.values()];
  }

  private optionsOf(decorated: unknown): HealthCheckOptions | undefined {
    if (typeof decorated !== 'function') return undefined;
    return this.reflector.get<HealthCheckOptions | undefined>(HEALTH_CHECK_OPTIONS, decorated as Type);
  }
}
