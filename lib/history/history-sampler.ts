import type { MetricsSource } from '../metrics/registry.js';
import type { MetricsSnapshot } from '../metrics/snapshot.js';
import { withinTime } from '../primitives/deadline.js';
import type { Guard } from '../primitives/guard.js';
import type { HistoryStore } from './history-store.js';
import { unref } from '../primitives/unref.js';

/** A sampler that reads the metrics into the history, at once and then every interval. Its runs never overlap. */
export class HistorySampler {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  /**
   * @param guard receives errors of a run
   * @param isReliable returns false for a snapshot that must not be stored, since it lacks series that still exist
   */
  constructor(
    private readonly history: HistoryStore,
    private readonly source: MetricsSource,
    private readonly guard: Pick<Guard, 'report'>,
    private readonly isReliable: (snapshot: MetricsSnapshot) => boolean = () => true,
  ) {}

  /** Starts sampling. @returns the timer, which does not keep the process alive */
  start(): NodeJS.Timeout {
    this.timer ??= unref(setInterval(() => void this.sampleNow(), this.history.intervalMs));
    void this.sampleNow();
    return this.timer;
  }

  /** Stops sampling, and waits for a run that is in progress, but not for longer than its time limit. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    // Unlike the run, this wait keeps the process alive: other modules have not ended yet.
    if (this.running) await withinTime(this.running, this.history.intervalMs).catch(() => undefined);
  }

  /** Takes a sample, or waits for the one in progress. Does nothing without a retention request. */
  sampleNow(): Promise<void> {
    if (!this.history.hasRequests) return Promise.resolve();
    this.running ??= this.sample()
      .catch(this.guard.report)
      .finally(() => (this.running = undefined));
    return this.running;
  }

  private async sample(): Promise<void> {
    const startedAt = performance.now();
    const snapshot = await this.source.collect({
      exponential: this.history.metricsWithPercentiles,
      timeoutMs: this.history.intervalMs,
      background: true,
    });
    if (this.timer === undefined || !this.isReliable(snapshot)) return;
    this.history.add(snapshot, undefined, performance.now() - startedAt);
  }
}
