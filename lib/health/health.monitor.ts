import { type Clock, systemClock } from '../metrics/clock.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { messageOf } from '../primitives/error-message.js';
import { type HealthCheck, type HealthCheckDefaults, resolveCheck } from './health-check.js';
import type { HealthCheckResult, HealthReport, HealthTransitionHandler } from './health-report.js';
import { type HealthStatus, worstOf } from './health-status.js';
import { HealthMetrics } from './health-metrics.js';
import { type HealthCheckDefaultsOptions, resolveCheckDefaults } from './health.options.js';
import { RegisteredCheck } from './registered-check.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { callbackGuard } from '../metrics/error-guards.js';
import { Guard } from '../primitives/guard.js';
import type { RegisterTimer } from '../primitives/register-timer.js';

/** A phase of the life of the application. */
export type LifecyclePhase = 'starting' | 'ready' | 'draining';

/** A logger of status changes, such as the `Logger` of Nest. */
export interface HealthLogger {
  /** Logs that a check has recovered. */
  log(message: string): void;
  /** Logs that a check is failing. */
  warn(message: string): void;
}

/** Options of a {@link HealthMonitor}. */
export interface HealthMonitorOptions extends HealthCheckDefaultsOptions {
  /** Registry of the metrics of the checks. @default no metrics */
  readonly registry?: MetricsRegistry;
  /** Logger of status changes. @default no logs */
  readonly logger?: HealthLogger;
  /** @default the system clock */
  readonly clock?: Clock;
  /** Initial phase of the application. @default 'ready' */
  readonly phase?: LifecyclePhase;
}

/** The built-in check of the phase of the application. */
const LIFECYCLE = 'lifecycle';

const LIFECYCLE_MESSAGES: Readonly<Record<LifecyclePhase, string>> = {
  starting: 'The application is starting',
  ready: 'The application is ready',
  draining: 'The application is shutting down',
};

/** The health checks of the application: registers them, runs them and reports their status. */
export class HealthMonitor {
  private readonly clock: Clock;
  private readonly defaults: HealthCheckDefaults;
  private readonly registry: MetricsRegistry | undefined;
  private readonly metrics: HealthMetrics | undefined;
  private readonly logger: SafeLogger | undefined;
  private readonly checks = new Map<string, RegisteredCheck>();
  private readonly handlers = new Set<HealthTransitionHandler>();
  private readonly handlersGuard: Guard;
  /** The functions that unregister the timers of checks with an interval. */
  private readonly unregisterTimers = new Map<RegisteredCheck, () => void>();
  private registerTimer: RegisterTimer | undefined;
  private currentPhase: LifecyclePhase;

  /** @throws {MonitoringOptionsError} */
  constructor(options: HealthMonitorOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.defaults = resolveCheckDefaults(options);
    this.registry = options.registry;
    this.metrics = options.registry && new HealthMetrics(options.registry);
    this.logger = options.logger && new SafeLogger(options.logger);
    this.handlersGuard =
      options.registry === undefined
        ? new Guard((error) =>
            this.logger?.warn(`A handler of health transitions failed: ${messageOf(error)}`),
          )
        : callbackGuard(options.registry, 'health.onTransition');
    this.currentPhase = options.phase ?? 'ready';
  }

  /** The current phase of the application. */
  get phase(): LifecyclePhase {
    return this.currentPhase;
  }

  /** The names of the checks, in the order in which they were added. */
  get checkNames(): readonly string[] {
    return [...this.checks.keys()];
  }

  /**
   * Adds a check.
   *
   * @returns a function that removes the check
   * @throws {MonitoringOptionsError} if the check is invalid or its name is in use
   */
  addCheck(check: HealthCheck): () => void {
    const settings = resolveCheck(check, this.defaults);
    const { name } = check;
    if (name === LIFECYCLE || this.checks.has(name)) {
      throw new MonitoringOptionsError(
        `A health check named \`${name}\` already exists. Choose another name.`,
      );
    }
    const registered = new RegisteredCheck(check, settings, this.clock, this.onRun, (failed, error) =>
      this.registry?.errors?.observe(error, 'health', failed),
    );
    this.checks.set(name, registered);
    if (this.registerTimer !== undefined) this.startCheck(registered, this.registerTimer);
    return () => {
      if (this.checks.get(name) === registered) this.removeCheck(name);
    };
  }

  /**
   * Removes a check.
   *
   * @returns false if no check has this name
   */
  removeCheck(name: string): boolean {
    const registered = this.checks.get(name);
    if (registered === undefined) return false;
    this.checks.delete(name);
    this.pauseCheck(registered);
    registered.stop();
    this.metrics?.remove(name);
    return true;
  }

  /**
   * Calls a handler for every status change of a check.
   *
   * @returns a function that removes the handler
   */
  onTransition(handler: HealthTransitionHandler): () => void {
    this.handlers.add(handler);
    return () => void this.handlers.delete(handler);
  }

  /**
   * Runs the checks concurrently, each with its time limit, and reports their results. Never rejects. A result within
   * its cache time is reused. During shutdown, the last results are reported and no check runs, since its dependencies
   * are closing.
   *
   * @param names names of the checks to run; without it, all checks and the one of the application's phase
   */
  async runHealthChecks(names?: readonly string[]): Promise<HealthReport> {
    const results = await Promise.all(
      (names ?? this.checkNames).map(async (name) => [name, await this.resultOf(name)] as const),
    );
    const checks: Record<string, HealthCheckResult> = {};
    if (names === undefined) checks[LIFECYCLE] = this.lifecycle();
    for (const [name, result] of results) {
      if (result !== undefined) checks[name] = result;
    }
    return {
      status: worstOf(Object.values(checks).map(({ status }) => status)),
      timestamp: this.timestamp(),
      checks,
    };
  }

  /** Returns true if a check covers only this process; undefined if no check has this name. */
  isInProcess(name: string): boolean | undefined {
    return this.checks.get(name)?.settings.inProcess;
  }

  /** Starts the background runs of the checks that have an interval. */
  start(registerTimer: RegisterTimer = () => () => undefined): void {
    this.registerTimer = registerTimer;
    for (const check of this.checks.values()) this.startCheck(check, registerTimer);
  }

  /** Stops the background runs, and removes all checks and handlers. */
  stop(): void {
    this.registerTimer = undefined;
    for (const name of this.checkNames) this.removeCheck(name);
    this.handlers.clear();
  }

  /** @internal Sets the phase of the application. */
  enter(phase: LifecyclePhase): void {
    this.currentPhase = phase;
    if (phase !== 'draining') return;
    this.registerTimer = undefined;
    for (const check of this.checks.values()) this.pauseCheck(check);
  }

  private startCheck(check: RegisteredCheck, registerTimer: RegisterTimer): void {
    const timer = check.start();
    if (timer === undefined) return;
    this.unregisterTimers.set(check, registerTimer(`monitoring.health.${check.name}`, timer));
  }

  private pauseCheck(check: RegisteredCheck): void {
    check.pause();
    this.unregisterTimers.get(check)?.();
    this.unregisterTimers.delete(check);
  }

  private async resultOf(name: string): Promise<HealthCheckResult | undefined> {
    const check = this.checks.get(name);
    if (check === undefined) return { status: 'unhealthy', message: 'Unknown health check', durationMs: 0 };
    return this.currentPhase === 'draining' ? check.lastResult : check.result();
  }

  private lifecycle(): HealthCheckResult {
    const { phase } = this;
    const status = phase === 'ready' ? 'healthy' : 'unhealthy';
    return { status, message: LIFECYCLE_MESSAGES[phase], durationMs: 0 };
  }

  private readonly onRun = (check: RegisteredCheck, result: HealthCheckResult, from: HealthStatus): void => {
    const { name } = check;
    if (this.checks.get(name) !== check || this.currentPhase === 'draining') return;
    this.metrics?.recordRun(name, result);
    const { status } = result;
    if (status === from) return;
    this.metrics?.recordTransition(name, status);
    this.logTransition(name, result);
    const transition = { check: name, from, to: status, result, timestamp: this.timestamp() };
    this.handlersGuard.callEach(this.handlers, transition);
  };

  private logTransition(name: string, { status, message }: HealthCheckResult): void {
    if (status === 'healthy') this.logger?.log(`Health check \`${name}\` is healthy again: ${message}`);
    else this.logger?.warn(`Health check \`${name}\` is ${status}: ${message}`);
  }

  private timestamp(): string {
    return new Date(this.clock.now()).toISOString();
  }
}
