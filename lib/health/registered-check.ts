import type { Clock } from '../metrics/clock.js';
import { unlessAborted } from '../primitives/deadline.js';
import { type CheckOutcome, outcomeOf, outcomeOfError } from './check-outcome.js';
import type { HealthCheck, HealthCheckSettings } from './health-check.js';
import type { HealthCheckResult } from './health-report.js';
import { canServe, type HealthStatus } from './health-status.js';
import { unref } from '../primitives/unref.js';

/** Pending calls of a check, beyond their time limit, at which it is not called again. */
const MAX_PENDING_CALLS = 3;
/** Age at which a pending call no longer counts, so that a check cannot be blocked forever. */
const PENDING_CALL_EXPIRY_MS = 60_000;

/**
 * A listener of the runs of a check.
 *
 * @param from the previous status; `healthy` before the first run
 */
export type RunListener = (check: RegisteredCheck, result: HealthCheckResult, from: HealthStatus) => void;

/** A check of a monitor and its last result. Concurrent requests for a result share one run. */
export class RegisteredCheck {
  private last: HealthCheckResult | undefined;
  private endedAt = -Infinity;
  private running: Promise<HealthCheckResult> | undefined;
  private controller: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The last outcome that met its threshold. */
  private settled: CheckOutcome | undefined;
  /** Consecutive runs since then with the opposite outcome. */
  private oppositeRuns = 0;
  /** The calls that did not end within their time limit. */
  private readonly pendingCalls = new Set<{ readonly startedAt: number }>();

  constructor(
    private readonly check: HealthCheck,
    readonly settings: HealthCheckSettings,
    private readonly clock: Clock,
    private readonly onRun: RunListener,
    private readonly onError: (name: string, error: unknown) => void = () => undefined,
  ) {}

  get name(): string {
    return this.check.name;
  }

  /** The result of the last run; undefined before the first one. */
  get lastResult(): HealthCheckResult | undefined {
    return this.last;
  }

  /** Returns the last result if it is fresh, else runs the check. Never rejects. */
  async result(): Promise<HealthCheckResult> {
    if (this.last !== undefined && this.isFresh()) return this.last;
    return this.run();
  }

  /**
   * Runs the check now and at its interval. Does nothing without an interval.
   *
   * @returns the timer, which does not keep the process alive
   */
  start(): NodeJS.Timeout | undefined {
    const { refreshIntervalMs } = this.settings;
    if (refreshIntervalMs === undefined || this.timer !== undefined) return undefined;
    void this.run();
    this.timer = unref(setInterval(() => void this.run(), refreshIntervalMs));
    return this.timer;
  }

  /** Stops the background runs. The check still runs on request. */
  pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Stops the background runs, aborts the current run and releases the check. */
  stop(): void {
    this.pause();
    this.controller?.abort(new Error('the check was removed'));
    try {
      this.check.stop?.();
    } catch {
      // The check is removed, so its error has no effect.
    }
  }

  private isFresh(): boolean {
    if (this.timer !== undefined) return true;
    return this.clock.monotonic() - this.endedAt < this.settings.cacheMs;
  }

  private run(): Promise<HealthCheckResult> {
    this.running ??= this.runOnce().finally(() => (this.running = undefined));
    return this.running;
  }

  private async runOnce(): Promise<HealthCheckResult> {
    const startedAt = this.clock.monotonic();
    const outcome = await this.call(startedAt);
    const from = this.last?.status ?? 'healthy';
    this.endedAt = this.clock.monotonic();
    const { status, ...rest } = this.applyThresholds(outcome);
    const cappedStatus = this.settings.critical || canServe(status) ? status : 'degraded';
    this.last = { status: cappedStatus, ...rest, durationMs: rounded(this.endedAt - startedAt) };
    this.onRun(this, this.last, from);
    return this.last;
  }

  private async call(startedAt: number): Promise<CheckOutcome> {
    if (this.countPendingCalls(startedAt) >= MAX_PENDING_CALLS) {
      return { status: 'unhealthy', message: `${MAX_PENDING_CALLS} earlier calls are still pending` };
    }
    const { timeoutMs } = this.settings;
    const controller = (this.controller = new AbortController());
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new Error(`timed out after ${timeoutMs} ms`)), timeoutMs);
    let result: Promise<unknown> | undefined;
    try {
      result = Promise.resolve(this.check.check(signal));
      return outcomeOf(await unlessAborted(result, signal));
    } catch (error) {
      if (result !== undefined && signal.aborted) this.addPendingCall(result, startedAt);
      this.onError(this.name, error);
      return outcomeOfError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  private addPendingCall(result: Promise<unknown>, startedAt: number): void {
    const call = { startedAt };
    this.pendingCalls.add(call);
    const remove = (): unknown => this.pendingCalls.delete(call);
    void result.then(remove, remove);
  }

  private countPendingCalls(now: number): number {
    for (const call of this.pendingCalls) {
      if (now - call.startedAt > PENDING_CALL_EXPIRY_MS) this.pendingCalls.delete(call);
    }
    return this.pendingCalls.size;
  }

  /** Keeps the settled status until enough consecutive runs have the opposite outcome. */
  private applyThresholds(outcome: CheckOutcome): CheckOutcome {
    const { settled, settings } = this;
    const isUp = canServe(outcome.status);
    if (settled === undefined || isUp === canServe(settled.status)) return this.settle(outcome);
    const threshold = isUp ? settings.successThreshold : settings.failureThreshold;
    this.oppositeRuns++;
    if (this.oppositeRuns >= threshold) return this.settle(outcome);
    const progress = `${isUp ? 'success' : 'failure'} ${this.oppositeRuns} of ${threshold}`;
    return { status: settled.status, message: `${outcome.message} (${progress})` };
  }

  private settle(outcome: CheckOutcome): CheckOutcome {
    this.oppositeRuns = 0;
    this.settled = outcome;
    return outcome;
  }
}

/** Rounds to a hundredth of a millisecond: further digits are floating-point noise. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
