import type { ModulesContainer } from '@nestjs/core';
import { ALERT_HANDLER_METADATA, type AlertHandlerProvider } from './alert-handler.decorator.js';
import type { AlertingMonitor } from './alerting.monitor.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { PerformanceMonitor } from './performance.monitor.js';

/** Evaluates rules from when the application has started until it ends. */
export class AlertingLifecycle {
  constructor(
    private readonly alerting: AlertingMonitor,
    private readonly performance: PerformanceMonitor,
    private readonly modules: ModulesContainer,
    private readonly enabled: boolean,
  ) {}

  /** @throws {MonitoringOptionsError} if a rule is about a metric that does not exist, or a handler cannot work */
  start(): void {
    if (!this.enabled) return;
    for (const [provider, options] of this.handlers()) {
      this.alerting.addAlertHandler((alert, signal) => provider.handle(alert, signal), options);
    }
    this.performance.start();
    this.alerting.start();
  }

  async stop(): Promise<void> {
    await this.alerting.stop();
  }

  /** The providers with `@AlertHandler()`, each once, with their options. */
  private handlers(): Map<AlertHandlerProvider, AlertHandlerOptions> {
    const found = new Map<AlertHandlerProvider, AlertHandlerOptions>();
    for (const { providers } of this.modules.values()) {
      for (const { metatype, instance } of providers.values()) {
        const options: unknown =
          typeof metatype === 'function' ? Reflect.getMetadata(ALERT_HANDLER_METADATA, metatype) : undefined;
        if (options === undefined || !isProvider(instance)) continue;
        found.set(instance, { name: metatype!.name, ...(options as AlertHandlerOptions) });
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
