import { type CollectorRunner, DEFAULT_TIMEOUT_MS } from '../metrics/collector-runner.js';
import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';
import type { Collector, CollectorResult } from '../metrics/collector.js';
import type { ManagedCollector } from './managed-collector.js';
import { unref } from '../primitives/unref.js';

/**
 * A collector that a timer runs at a fixed interval. Runs never overlap: while a run is pending, further ticks are skipped. A
 * scrape reports the result of the last run, and waits for the first one.
 */
export class ScheduledCollector implements Collector {
  readonly name: string;
  private timer: NodeJS.Timeout | undefined;
  private controller: AbortController | undefined;
  private firstRun: Promise<void> | undefined;
  private last: CollectorResult | undefined;

  constructor(
    private readonly collector: ManagedCollector,
    private readonly intervalMs: number,
    private readonly runner: CollectorRunner,
  ) {
    this.name = collector.name;
  }

  get metricNames(): readonly string[] {
    return this.collector.metricNames;
  }

  get timeoutMs(): number {
    return this.collector.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  get standsBy(): boolean {
    return this.collector.standsBy ?? false;
  }

  get isIdle(): boolean {
    return this.collector.isIdle ?? false;
  }

  get lastRunSeconds(): number | undefined {
    return this.last?.seconds;
  }

  /** Starts the schedule and returns its timer, which does not keep the process alive. */
  start(): NodeJS.Timeout {
    this.timer = unref(setInterval(() => void this.tick(), Math.min(this.intervalMs, MAX_TIMER_DELAY_MS)));
    return this.timer;
  }

  /** Stops the schedule and aborts a pending run. */
  stop(): void {
    clearInterval(this.timer);
    this.controller?.abort(new Error('the collector was stopped'));
  }

  /** Runs the collector for the first time, ahead of its interval, unless it has run. Resolves at the end of that run. */
  runFirst(): Promise<void> {
    this.firstRun ??= this.run();
    return this.firstRun;
  }

  /** Waits for the first run; rejects with the error of the last run, if it failed. */
  async collect(): Promise<void> {
    await this.runFirst();
    if (this.last?.error !== undefined) throw this.last.error;
  }

  private async tick(): Promise<void> {
    await (this.firstRun === undefined ? this.runFirst() : this.run());
  }

  private async run(): Promise<void> {
    if (this.runner.isRunning(this.collector)) return;
    this.controller = new AbortController();
    this.last = await this.runner.run(this.collector, { controller: this.controller, background: true });
  }
}
