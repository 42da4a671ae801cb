import type { Clock } from '../metrics/clock.js';
import { type CheckOutcome, outcomeOf, outcomeOfError } from './check-outcome.js';
import type { HealthCheck, HealthCheckSettings } from './health-check.js';
import type { HealthCheckResult } from './health-report.js';
import { type HealthStatus, serves } from './health-status.js';

/** So many calls of a check may hang before it is not called again. */
const HANGING_CALLS = 3;
/** After this time a call that hangs is given up for good, so that a check cannot be locked out for ever. */
const FORGET_HANGING_AFTER_MS = 60_000;

/** Told of every run of a check. Before its first run a check counts as healthy. */
export type RunListener = (check: RegisteredCheck, result: HealthCheckResult, from: HealthStatus) => void;

/** A check of one monitor, with what it found last. Whoever asks while it runs waits for that run. */
export class RegisteredCheck {
  private last: HealthCheckResult | undefined;
  private endedAt = -Infinity;
  private running: Promise<HealthCheckResult> | undefined;
  private controller: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** What it is taken for, whatever the last few runs found. */
  private settled: CheckOutcome | undefined;
  /** How many runs in a row have contradicted that. */
  private contradictions = 0;
  /** When the calls began that have not ended although their time was over. */
  private readonly hanging = new Set<{ readonly startedAt: number }>();

  constructor(
    private readonly check: HealthCheck,
    readonly settings: HealthCheckSettings,
    private readonly clock: Clock,
    private readonly onRun: RunListener,
  ) {}

  get name(): string {
    return this.check.name;
  }

  /** What it found last, if it has run. */
  get lastResult(): HealthCheckResult | undefined {
    return this.last;
  }

  /** What it finds, or has found so lately that it is still good. Never rejects. */
  async result(): Promise<HealthCheckResult> {
    if (this.last !== undefined && this.isFresh()) return this.last;
    return this.run();
  }

  /** Runs it now and at every interval, if it has one. @returns the timer, which does not keep the process alive */
  start(): NodeJS.Timeout | undefined {
    const { refreshIntervalMs } = this.settings;
    if (refreshIntervalMs === undefined || this.timer !== undefined) return undefined;
    void this.run();
    this.timer = setInterval(() => void this.run(), refreshIntervalMs).unref();
    return this.timer;
  }

  /** Ends the interval; the check can still be asked. */
  pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Ends the interval and the run that may be under way. */
  stop(): void {
    this.pause();
    this.controller?.abort(new Error('the check was stopped'));
    try {
      this.check.stop?.();
    } catch {
      // It is out of use.
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
    const found = await this.call(startedAt);
    const from = this.last?.status ?? 'healthy';
    this.endedAt = this.clock.monotonic();
    const { status, ...rest } = this.settle(found);
    const capped = this.settings.critical || serves(status) ? status : 'degraded';
    this.last = { status: capped, ...rest, durationMs: rounded(this.endedAt - startedAt) };
    this.onRun(this, this.last, from);
    return this.last;
  }

  private async call(startedAt: number): Promise<CheckOutcome> {
    if (this.hangingCalls(startedAt) >= HANGING_CALLS) {
      return { status: 'unhealthy', message: `${HANGING_CALLS} calls of the check hang` };
    }
    const { timeoutMs } = this.settings;
    const controller = (this.controller = new AbortController());
    const { signal } = controller;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    let answer: Promise<unknown> | undefined;
    try {
      answer = Promise.resolve(this.check.check(signal));
      return outcomeOf(await Promise.race([answer, aborted]));
    } catch (error) {
      if (answer !== undefined && signal.aborted) this.noteHanging(answer, startedAt);
      return outcomeOfError(error);
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    }
  }

  private noteHanging(answer: Promise<unknown>, startedAt: number): void {
    const call = { startedAt };
    this.hanging.add(call);
    const ended = (): unknown => this.hanging.delete(call);
    void answer.then(ended, ended);
  }

  private hangingCalls(now: number): number {
    for (const call of this.hanging) {
      if (now - call.startedAt > FORGET_HANGING_AFTER_MS) this.hanging.delete(call);
    }
    return this.hanging.size;
  }

  /** A change between serving and not serving is believed once it was found often enough in a row. */
  private settle(found: CheckOutcome): CheckOutcome {
    const { settled, settings } = this;
    const isUp = serves(found.status);
    if (settled === undefined || isUp === serves(settled.status)) return this.believe(found);
    const needed = isUp ? settings.successThreshold : settings.failureThreshold;
    this.contradictions++;
    if (this.contradictions >= needed) return this.believe(found);
    const { status } = settled;
    return { status, message: `${found.message} (found ${this.contradictions} of ${needed} times)` };
  }

  private believe(found: CheckOutcome): CheckOutcome {
    this.contradictions = 0;
    this.settled = found;
    return found;
  }
}

/** To a hundredth of a millisecond: the difference of two times has digits that mean nothing. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
