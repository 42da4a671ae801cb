import type { ModulesContainer } from '@nestjs/core';
import { ALERT_HANDLER_METADATA, type AlertHandlerProvider } from './alert-handler.decorator.js';
import type { AlertingMonitor } from './alerting.monitor.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { PerformanceMonitor } from './performance.monitor.js';

/** The lifecycle of alerting: registers the handlers and evaluates rules from bootstrap to shutdown. */
export class AlertingLifecycle {
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
      for (const { metatype, instance } of providers.values()) {
        if (typeof metatype !== 'function') continue;
        const options: unknown = Reflect.getMetadata(ALERT_HANDLER_METADATA, metatype);
        if (options === undefined || !isProvider(instance)) continue;
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
