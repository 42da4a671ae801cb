import { type Clock, systemClock } from '../metrics/clock.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { type HealthCheck, type HealthCheckDefaults, resolveCheck } from './health-check.js';
import type {
  HealthCheckResult,
  HealthReport,
  HealthTransition,
  HealthTransitionHandler,
} from './health-report.js';
import { type HealthStatus, worstOf } from './health-status.js';
import { HealthMetrics } from './health.metrics.js';
import { type HealthCheckDefaultsOptions, resolveCheckDefaults } from './health.options.js';
import { RegisteredCheck } from './registered-check.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** Where in its life the application is. */
export type LifecyclePhase = 'starting' | 'ready' | 'draining';

/** Where the monitor says that a check has changed; the `Logger` of Nest fits. */
export interface HealthLogger {
  /** A check that is well again. */
  log(message: string): void;
  /** A check that is worse than before. */
  warn(message: string): void;
}

/** Shows a timer under a name to whom it may concern; gives back how to take it out again. */
export type NameInterval = (name: string, timer: NodeJS.Timeout) => () => void;

/** Options of a {@link HealthMonitor}. */
export interface HealthMonitorOptions extends HealthCheckDefaultsOptions {
  /** Where what the checks find is shown as metrics. @default nowhere */
  readonly registry?: MetricsRegistry;
  /** @default none */
  readonly logger?: HealthLogger;
  /** @default the clock of the machine */
  readonly clock?: Clock;
  /** Where in its life the application is to begin with. @default 'ready' */
  readonly phase?: LifecyclePhase;
}

/** The check that every monitor has: where in its life the application is. */
const LIFECYCLE = 'lifecycle';

const LIFECYCLE_MESSAGES: Readonly<Record<LifecyclePhase, string>> = {
  starting: 'The application has not started yet',
  ready: 'The application takes requests',
  draining: 'The application is shutting down',
};

/** Tells how well the application is and whether it should get requests. */
export class HealthMonitor {
  private readonly clock: Clock;
  private readonly defaults: HealthCheckDefaults;
  private readonly metrics: HealthMetrics | undefined;
  private readonly logger: SafeLogger | undefined;
  private readonly checks = new Map<string, RegisteredCheck>();
  private readonly handlers = new Set<HealthTransitionHandler>();
  /** How to hide the timers again that were shown. */
  private readonly unname = new Map<RegisteredCheck, () => void>();
  private nameInterval: NameInterval | undefined;
  private currentPhase: LifecyclePhase;

  /** @throws {MonitoringOptionsError} for options that cannot work */
  constructor(options: HealthMonitorOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.defaults = resolveCheckDefaults(options);
    this.metrics = options.registry && new HealthMetrics(options.registry);
    this.logger = options.logger && new SafeLogger(options.logger);
    this.currentPhase = options.phase ?? 'ready';
  }

  /** Whether the application starts, serves or drains. */
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
   * @returns how to take it out again
   * @throws {MonitoringOptionsError} if it cannot work, or if there is one of this name already
   */
  addCheck(check: HealthCheck): () => void {
    const settings = resolveCheck(check, this.defaults);
    const { name } = check;
    if (name === LIFECYCLE || this.checks.has(name)) {
      throw new MonitoringOptionsError(
        `There is a health check called ${name} already. Give each a name of its own.`,
      );
    }
    const registered = new RegisteredCheck(check, settings, this.clock, this.noteRun);
    this.checks.set(name, registered);
    if (this.nameInterval !== undefined) this.startCheck(registered, this.nameInterval);
    return () => {
      if (this.checks.get(name) === registered) this.removeCheck(name);
    };
  }

  /** @returns whether there was a check of this name */
  removeCheck(name: string): boolean {
    const registered = this.checks.get(name);
    if (registered === undefined) return false;
    this.checks.delete(name);
    this.pauseCheck(registered);
    registered.stop();
    this.metrics?.forget(name);
    return true;
  }

  /**
   * Calls the handler whenever a check finds another status than the time before.
   *
   * @returns how to end that
   */
  onTransition(handler: HealthTransitionHandler): () => void {
    this.handlers.add(handler);
    return () => void this.handlers.delete(handler);
  }

  /**
   * Runs the checks side by side, each within its time and on its own account; never rejects. What was found lately
   * is not looked for again. While the application shuts down no check runs any more: its parts are being closed.
   *
   * @param names only these checks, without the one of the life of the application
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

  /**
   * As an indicator of `@nestjs/terminus`: the whole report under one key.
   *
   * @example health.check([() => monitor.isHealthy()])
   */
  async isHealthy<const Key extends string = 'monitoring'>(
    key: Key = 'monitoring' as Key,
  ): Promise<Record<Key, { status: 'up' | 'degraded' | 'down'; checks: HealthReport['checks'] }>> {
    const { status, checks } = await this.runHealthChecks();
    const word = status === 'healthy' ? 'up' : status === 'degraded' ? 'degraded' : 'down';
    return { [key]: { status: word, checks } } as Record<Key, { status: typeof word; checks: typeof checks }>;
  }

  /** Whether a check looks only at this process; undefined if there is no such check. */
  isInProcess(name: string): boolean | undefined {
    return this.checks.get(name)?.settings.inProcess;
  }

  /** Begins to run those checks by themselves that have an interval. */
  start(nameInterval: NameInterval = () => () => undefined): void {
    this.nameInterval = nameInterval;
    for (const check of this.checks.values()) this.startCheck(check, nameInterval);
  }

  /** Ends all that goes on by itself, and takes every check out. */
  stop(): void {
    this.nameInterval = undefined;
    for (const name of this.checkNames) this.removeCheck(name);
    this.handlers.clear();
  }

  /** @internal Called as the application goes through its life. */
  enter(phase: LifecyclePhase): void {
    this.currentPhase = phase;
    if (phase !== 'draining') return;
    this.nameInterval = undefined;
    for (const check of this.checks.values()) this.pauseCheck(check);
  }

  private startCheck(check: RegisteredCheck, nameInterval: NameInterval): void {
    const timer = check.start();
    if (timer !== undefined) this.unname.set(check, nameInterval(`monitoring.health.${check.name}`, timer));
  }

  private pauseCheck(check: RegisteredCheck): void {
    check.pause();
    this.unname.get(check)?.();
    this.unname.delete(check);
  }

  private async resultOf(name: string): Promise<HealthCheckResult | undefined> {
    const check = this.checks.get(name);
    if (check === undefined) return { status: 'unhealthy', message: 'There is no such check', durationMs: 0 };
    return this.currentPhase === 'draining' ? check.lastResult : check.result();
  }

  private lifecycle(): HealthCheckResult {
    const { phase } = this;
    const status = phase === 'ready' ? 'healthy' : 'unhealthy';
    return { status, message: LIFECYCLE_MESSAGES[phase], durationMs: 0 };
  }

  private readonly noteRun = (
    check: RegisteredCheck,
    result: HealthCheckResult,
    from: HealthStatus,
  ): void => {
    const { name } = check;
    if (this.checks.get(name) !== check || this.currentPhase === 'draining') return;
    this.metrics?.ran(name, result);
    const { status } = result;
    if (status === from) return;
    this.metrics?.changed(name, status);
    this.say(name, result);
    const transition = { check: name, from, to: status, result, timestamp: this.timestamp() };
    for (const handler of this.handlers) void this.tell(handler, transition);
  };

  private async tell(handler: HealthTransitionHandler, transition: HealthTransition): Promise<void> {
    try {
      await handler(transition);
    } catch (error) {
      this.metrics?.handlerFailed();
      this.warn(
        `A handler of health transitions failed: ${error instanceof Error ? error.message : 'it did not say why'}`,
      );
    }
  }

  private say(name: string, { status, message }: HealthCheckResult): void {
    if (status !== 'healthy') this.warn(`Health check ${name} is ${status}: ${message}`);
    else this.logger?.log(`Health check ${name} is healthy again: ${message}`);
  }

  private warn(message: string): void {
    this.logger?.warn(message);
  }

  private timestamp(): string {
    return new Date(this.clock.now()).toISOString();
  }
}
