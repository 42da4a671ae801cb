import type { MetricsSource } from '../metrics/registry.js';
import type { MetricsSnapshot } from '../metrics/snapshot.js';
import type { Guard } from '../primitives/guard.js';
import type { HistoryStore } from './history-store.js';

/** Takes a sample at once and then every interval, as long as anybody wants one. It never overlaps itself. */
export class HistorySampler {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> | undefined;

  /**
   * @param guard receives what fails while a sample is taken
   * @param isReliable whether a snapshot is worth remembering; one that is not says nothing about what has changed
   */
  constructor(
    private readonly history: HistoryStore,
    private readonly source: MetricsSource,
    private readonly guard: Pick<Guard, 'report'>,
    private readonly isReliable: (snapshot: MetricsSnapshot) => boolean = () => true,
  ) {}

  /** @returns the timer, which does not keep the process alive */
  start(): NodeJS.Timeout {
    this.timer ??= setInterval(() => void this.beat(), this.history.intervalMs).unref();
    void this.beat();
    return this.timer;
  }

  /** Ends the beat; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.underWay;
  }

  /** Takes a sample now, unless one is being taken: then that one is waited for. */
  beat(): Promise<void> {
    if (!this.history.hasRequests) return Promise.resolve();
    this.underWay ??= this.sample()
      .catch(this.guard.report)
      .finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  private async sample(): Promise<void> {
    const snapshot = await this.source.collect({
      exponential: this.history.metricsWithPercentiles,
      timeoutMs: this.history.intervalMs,
    });
    if (this.timer !== undefined && this.isReliable(snapshot)) this.history.add(snapshot);
  }
}
