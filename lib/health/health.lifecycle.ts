import { Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { MonitoringOptionsError } from '../options/option-checks.js';
import type { Guard } from '../primitives/guard.js';
import { patchMethod } from '../primitives/method-patch.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import type { HealthCheck } from './health-check.js';
import type { HealthMonitor } from './health.monitor.js';
import { HEALTH_GROUPS, type ResolvedHealth } from './health.options.js';
import { HttpDrain } from './http-drain.js';
import { TerminationSignals } from './termination-signals.js';
import type { RegisterTimer } from '../primitives/register-timer.js';

/** The part of an HTTP adapter of Nest that a drain uses. */
interface ClosingAdapter {
  getHttpServer(): unknown;
  close(): unknown;
  beforeClose?: () => unknown;
}

/** The sources of the checks of an application. */
export interface CheckSources {
  /** Returns the checks that the application defines. */
  own(): HealthCheck[];
  /** Returns the built-in checks. One whose name the application uses is left out. */
  builtIn(): HealthCheck[];
}

/**
 * The health monitor and the drain during start-up and shutdown of the application. `module/lifecycle.ts` has the order
 * of these and all other steps.
 */
export class HealthLifecycle {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly signals = new TerminationSignals({
    shutDown: () => this.closing(),
    abortDrain: () => this.drain?.abort(),
  });
  private drain: HttpDrain | undefined;
  private unpatch: (() => void) | undefined;
  /** True after a readiness probe: a load balancer routes requests by readiness, and needs time to notice a drain. */
  private isProbed = false;
  private closed: Promise<void> | undefined;
  /** True once the application may close its server. */
  private isDrained = false;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly host: HttpAdapterHost,
    private readonly sources: CheckSources,
    private readonly options: ResolvedHealth,
    private readonly registerTimer: RegisterTimer,
    private readonly guard: Guard,
    private readonly enabled: boolean,
  ) {}

  /**
   * Adds the checks and starts the monitor, once the whole application has started. If monitoring is disabled, only
   * checks added by hand exist, and none runs in the background.
   *
   * @throws {MonitoringOptionsError} if two checks have the same name, or a group contains an invalid check
   */
  started(): void {
    if (this.enabled) {
      this.addChecks();
      this.assertGroups();
      this.monitor.start(this.registerTimer);
      this.listenToAdapter();
    }
    this.monitor.enter('ready');
  }

  /**
   * Records a readiness probe. After the first one, a shutdown begins with a drain. On a development machine, a probe from
   * this machine does not count: the drain would only keep the port in use when the application starts again.
   */
  recordReadinessProbe(remoteAddress: string | undefined): void {
    if (this.isProbed || this.drain === undefined || this.monitor.phase !== 'ready') return;
    const { delayMs, ignoresLocalProbes } = this.options.drain;
    if (delayMs === 0 || (ignoresLocalProbes && isLoopback(remoteAddress))) return;
    this.isProbed = true;
    if (!this.signals.hasOtherListener('SIGTERM')) {
      this.logger.warn(
        'SIGTERM only drains requests: connections, files and exporters are not closed. Call app.enableShutdownHooks() in main.ts.',
      );
    }
    this.signals.listenFor('SIGTERM');
  }

  /** Fails readiness at once and drains the server. Resolves when the application may close its dependencies. */
  closing(): Promise<void> {
    this.closed ??= this.close();
    return this.closed;
  }

  /** Stops the monitor and the drain, once the application has closed. */
  ended(): void {
    this.signals.stop();
    this.drain?.stop();
    this.unpatch?.();
    this.monitor.stop();
  }

  private async close(): Promise<void> {
    const wasReady = this.monitor.phase === 'ready';
    this.monitor.enter('draining');
    const { drain } = this;
    if (drain?.isListening !== true) return;
    const isGradual = wasReady && this.isProbed;
    if (isGradual) for (const signal of ['SIGTERM', 'SIGINT'] as const) this.signals.listenFor(signal);
    await drain.endConnections();
    if (isGradual) await drain.run();
    this.isDrained = true;
  }

  /**
   * Starts the drain from `beforeClose()` of the adapter, which Nest 12 awaits before any other shutdown step. Nest 11
   * does not call it; there the hook of the first module starts the drain.
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
    const drain = new HttpDrain(server, this.options.drain, this.logger, this.guard);
    this.drain = drain;
    const release = { returned: () => drain.release() };
    const unpatch = [
      patchMethod(adapter, 'close', this.guard, () => release),
      // The adapter of a gateway on socket.io closes the server, and waits for it, before Nest closes the adapter.
      patchMethod(server, 'close', this.guard, () => (this.isDrained ? release : undefined)),
    ];
    this.unpatch = () => unpatch.forEach((remove) => remove());
  }

  private addChecks(): void {
    for (const check of this.sources.own()) this.monitor.addCheck(check);
    for (const check of this.sources.builtIn()) {
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
          `\`health.groups.${group}\` must contain names of existing health checks; got ${quoted(unknown)}. Existing checks: ${checkNames.length === 0 ? 'none' : quoted(checkNames)}.`,
        );
      }
    }
    const external = (groups.liveness ?? []).filter((name) => this.monitor.isInProcess(name) !== true);
    if (external.length === 0) return;
    throw new MonitoringOptionsError(
      `\`health.groups.liveness\` must contain only checks of this process; got ${quoted(external)}. Kubernetes restarts a process that is not live, and a restart does not repair an external dependency. Move the check to \`health.groups.readiness\`, or set \`inProcess: true\` if it checks only this process.`,
    );
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function isLoopback(address = ''): boolean {
  return address === '::1' || address.replace(/^::ffff:/, '').startsWith('127.');
}
