import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { decoratedProviders, missingMethodMessage } from '../primitives/decorated-providers.js';
import { freeName } from '../primitives/free-name.js';
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

  /**
   * @throws {MonitoringOptionsError} if the metric of a rule does not exist, or a handler is invalid or lacks a package
   */
  async start(): Promise<void> {
    if (!this.enabled) return;
    for (const [provider, options] of this.handlers()) {
      this.alerting.addAlertHandler((alert, signal) => provider.handle(alert, signal), options);
    }
    await this.alerting.openHandlers();
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
    const handlers = new Map<AlertHandlerProvider, AlertHandlerOptions>();
    const names = new Set(this.alerting.handlers().map(({ handler }) => handler));
    const types = new Set<Function>();
    for (const found of decoratedProviders(this.modules.values(), optionsOf)) {
      const { options, type, className, instance } = found;
      if (instance === undefined) {
        this.logger.warn(
          `Alert handler ${className} is ignored: its provider is request-scoped or transient. Give it and its dependencies the default scope.`,
        );
        continue;
      }
      if (!isHandling(instance)) {
        const remedy = 'Add `handle(alert)`, which is called with each alert.';
        throw new MonitoringOptionsError(missingMethodMessage('@AlertHandler()', 'handle', found, remedy));
      }
      if (handlers.has(instance)) continue;
      // Two instances of a class have the name of its decorator in common.
      const hasOwnName = options.name !== undefined && !types.has(type);
      const name = hasOwnName
        ? options.name
        : freeName(options.name ?? className, (other) => names.has(other));
      types.add(type);
      names.add(name);
      handlers.set(instance, { ...options, name });
    }
    return handlers;
  }
}

function optionsOf(type: Function): AlertHandlerOptions | undefined {
  return Reflect.getMetadata(ALERT_HANDLER_METADATA, type) as AlertHandlerOptions | undefined;
}

function isHandling(instance: object): instance is AlertHandlerProvider {
  return typeof (instance as Partial<AlertHandlerProvider>).handle === 'function';
}
