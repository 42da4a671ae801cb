import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { ALERT_HANDLER_METADATA, type AlertHandlerProvider } from './alert-handler.decorator.js';
import type { AlertingMonitor } from './alerting.monitor.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { PerformanceMonitor } from './performance.monitor.js';

/** The lifecycle of alerting: registers the handlers and evaluates rules from bootstrap to shutdown. */
export class AlertingLifecycle {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));

  constructor(
    private readonly alerting: AlertingMonitor,
    private readonly performance: PerformanceMonitor,
    private readonly modules: ModulesContainer,
    private readonly enabled: boolean,
  ) {}

  /** @throws {MonitoringOptionsError} if the metric of a rule does not exist, or a handler is invalid */
  start(): void {
    if (!this.enabled) return;
    for (const [provider, options] of this.handlers()) {
      this.alerting.addAlertHandler((alert, signal) => provider.handle(alert, signal), options);
    }
    this.performance.start();
    this.alerting.start();
  }

  /** Compiles the rules of the vitals. */
  addThresholds(): void {
    if (this.enabled) this.alerting.settleRules();
  }

  async stop(): Promise<void> {
    await this.alerting.stop();
  }

  /** Returns the distinct providers with `@AlertHandler()`, with their options. */
  private handlers(): Map<AlertHandlerProvider, AlertHandlerOptions> {
    const found = new Map<AlertHandlerProvider, AlertHandlerOptions>();
    for (const { providers } of this.modules.values()) {
      for (const wrapper of providers.values()) {
        const { metatype, instance } = wrapper;
        if (typeof metatype !== 'function') continue;
        const options: unknown = Reflect.getMetadata(ALERT_HANDLER_METADATA, metatype);
        if (options === undefined || wrapper.isAlias) continue;
        if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) {
          this.logger.warn(
            `Alert handler ${metatype.name} is ignored: its provider is request-scoped or transient. Give it and its dependencies the default scope.`,
          );
          continue;
        }
        if (!isProvider(instance)) {
          throw new MonitoringOptionsError(
            `${metatype.name} has @AlertHandler() but no method handle(). Add \`handle(alert)\`, which is called with each alert.`,
          );
        }
        found.set(instance, { name: metatype.name, ...(options as AlertHandlerOptions) });
      }
    }
    return found;
  }
}

function isProvider(instance: unknown): instance is AlertHandlerProvider {
  return (
    typeof instance === 'object' &&
    instance !== null &&
    typeof (instance as Partial<AlertHandlerProvider>).handle === 'function'
  );
}
