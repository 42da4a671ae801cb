import { type CollectorRunner, DEFAULT_TIMEOUT_MS } from '../metrics/collector-runner.js';
import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';
import type { Collector, CollectorResult } from '../metrics/collector.js';
import type { SourceCollector } from './source.collector.js';

/**
 * Runs a collector at once and then every interval. It never overlaps itself: an interval in which the last run
 * still goes is skipped. To whoever asks for the metrics it is a collector that only tells how the last run went.
 */
export class Beat implements Collector {
  readonly name: string;
  private timer: NodeJS.Timeout | undefined;
  private controller: AbortController | undefined;
  private firstRun: Promise<void> | undefined;
  private last: CollectorResult | undefined;

  constructor(
    private readonly collector: SourceCollector,
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

  /** @returns the timer, which does not keep the process alive */
  start(): NodeJS.Timeout {
    this.firstRun = this.run();
    this.timer = setInterval(() => void this.run(), Math.min(this.intervalMs, MAX_TIMER_DELAY_MS)).unref();
    return this.timer;
  }

  /** Ends the beat, and the run that may be under way. */
  stop(): void {
    clearInterval(this.timer);
    this.controller?.abort(new Error('it was stopped'));
  }

  /** Rejects as the last run did; waits for the first one. */
  async collect(): Promise<void> {
    await this.firstRun;
    if (this.last?.error !== undefined) throw this.last.error;
  }

  private async run(): Promise<void> {
    if (this.runner.isRunning(this.collector)) return;
    this.controller = new AbortController();
    this.last = await this.runner.run(this.collector, { controller: this.controller, background: true });
  }
}
