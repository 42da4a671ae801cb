import { Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { MonitoringOptionsError } from '../options/option-checks.js';
import type { Guard } from '../primitives/guard.js';
import { patchMethod } from '../primitives/method-patch.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import type { HealthCheck } from './health-check.js';
import type { HealthMonitor, NameInterval } from './health.monitor.js';
import { HEALTH_GROUPS, type ResolvedHealth } from './health.options.js';
import { HttpDrain } from './http-drain.js';
import { TerminationSignals } from './termination-signals.js';

interface ClosingAdapter {
  getHttpServer(): unknown;
  close(): unknown;
  beforeClose?: () => unknown;
}

/** Where the checks of the application come from. */
export interface CheckSources {
  /** Those that it has itself. */
  own(): HealthCheck[];
  /** Those for its parts, left out where one of the same name is there. */
  found(): HealthCheck[];
}

/** Brings the health monitor through the life of the application. */
export class HealthLifecycle {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly signals = new TerminationSignals({
    begin: () => this.closing(),
    hurry: () => this.drain?.hurry(),
  });
  private drain: HttpDrain | undefined;
  private unpatch: (() => void) | undefined;
  private isWatched = false;
  private closed: Promise<void> | undefined;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly host: HttpAdapterHost,
    private readonly sources: CheckSources,
    private readonly options: ResolvedHealth,
    private readonly nameInterval: NameInterval,
    private readonly guard: Guard,
    private readonly enabled: boolean,
  ) {}

  /**
   * All of the application has started. Where monitoring is off, only the checks that were added by hand are there,
   * and none runs by itself.
   *
   * @throws {MonitoringOptionsError} if two checks have one name, or a group names what it cannot have
   */
  started(): void {
    if (this.enabled) {
      this.addChecks();
      this.assertGroups();
      this.monitor.start(this.nameInterval);
      this.listenToAdapter();
    }
    this.monitor.enter('ready');
  }

  /** Somebody asks whether the application should get requests, and will want to know when it should not any more. */
  readinessWasAsked(): void {
    if (this.isWatched || this.drain === undefined || this.monitor.phase !== 'ready') return;
    if (this.options.drain.delayMs === 0) return;
    this.isWatched = true;
    if (!this.signals.isExpected('SIGTERM')) {
      this.logger.warn(
        'Nothing listens for SIGTERM, so that nothing is closed when it comes: no connection, no file, no exporter. Call app.enableShutdownHooks() in main.ts. Requests are drained all the same.',
      );
    }
    this.signals.listenFor('SIGTERM');
  }

  /** The application is about to close what it has: readiness turns at once; resolves when it may go on. */
  closing(): Promise<void> {
    this.closed ??= this.close();
    return this.closed;
  }

  /** Nothing is left to be watched. */
  ended(): void {
    this.signals.stop();
    this.drain?.stop();
    this.unpatch?.();
    this.monitor.stop();
  }

  private async close(): Promise<void> {
    const wasReady = this.monitor.phase === 'ready';
    this.monitor.enter('draining');
    if (!wasReady || !this.isWatched || this.drain?.isListening !== true) return;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) this.signals.listenFor(signal);
    await this.drain.run();
  }

  /**
   * Nest 12 tells the adapter first that it closes, and waits for it. Nest 11 does not: there it is the first module
   * that is told.
   */
  private listenToAdapter(): void {
    const adapter = this.host.httpAdapter as ClosingAdapter | null | undefined;
    if (!adapter) return;
    const { beforeClose } = adapter;
    adapter.beforeClose = async () => {
      await this.closing();
      return beforeClose?.call(adapter);
    };
    const server = adapter.getHttpServer() as Server | undefined;
    if (server?.prependListener === undefined) return;
    const drain = new HttpDrain(server, this.options.drain, this.logger);
    this.drain = drain;
    this.unpatch = patchMethod(adapter, 'close', this.guard, () => ({ returned: () => drain.release() }));
  }

  private addChecks(): void {
    for (const check of this.sources.own()) this.monitor.addCheck(check);
    for (const check of this.sources.found()) {
      if (!this.monitor.checkNames.includes(check.name)) this.monitor.addCheck(check);
    }
  }

  private assertGroups(): void {
    const { checkNames } = this.monitor;
    const { groups } = this.options;
    for (const group of HEALTH_GROUPS) {
      const unknown = (groups[group] ?? []).filter((name) => !checkNames.includes(name));
      if (unknown.length > 0) {
        throw new MonitoringOptionsError(
          `Expected health.groups.${group} to name health checks, got ${unknown.join(', ')}. There ${checkNames.length === 0 ? 'is none' : `is ${checkNames.join(', ')}`}.`,
        );
      }
    }
    const outside = (groups.liveness ?? []).filter((name) => this.monitor.isInProcess(name) !== true);
    if (outside.length === 0) return;
    throw new MonitoringOptionsError(
      `Expected health.groups.liveness to have checks of this process only, got ${outside.join(', ')}. Kubernetes restarts what is not alive, which mends nothing outside. Move it to readiness, or mark it inProcess: true if it is.`,
    );
  }
}
