import { resultWithin } from '../primitives/deadline.js';
import type { Clock } from './clock.js';
import { CollectorRunner } from './collector-runner.js';
import type { Collector, CollectorResult } from './collector.js';

/** The collectors of a registry, which run concurrently whenever the metrics are collected. */
export class CollectorSet {
  private readonly collectors = new Set<Collector>();
  private readonly runner: CollectorRunner;
  private running: Promise<void> | undefined;

  /** @param report called after each run of each collector that is still in the set */
  constructor(
    clock: Clock,
    private readonly report: (result: CollectorResult) => void,
  ) {
    this.runner = new CollectorRunner(clock);
  }

  add(collector: Collector): void {
    this.collectors.add(collector);
  }

  delete(collector: Collector): void {
    this.collectors.delete(collector);
  }

  /**
   * Runs every collector once, or waits for the run in progress. The time limit applies to this caller: the run goes on
   * for others.
   *
   * @param background true if the time limit must not keep the process alive
   */
  async run(timeoutMs = Infinity, background = false): Promise<void> {
    this.running ??= this.runAll().finally(() => (this.running = undefined));
    await resultWithin(this.running, timeoutMs, { background });
  }

  private async runAll(): Promise<void> {
    await Promise.all([...this.collectors].map((collector) => this.runOne(collector)));
  }

  /** Runs one collector and reports on it at once, since another one may hang. */
  private async runOne(collector: Collector): Promise<void> {
    // In the background, since a caller that has timed out must not keep the process alive.
    const result = await this.runner.run(collector, { background: true });
    if (this.collectors.has(collector)) this.report(result);
  }
}
