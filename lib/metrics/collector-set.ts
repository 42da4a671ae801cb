import type { Clock } from './clock.js';
import { CollectorRunner, withinTime } from './collector-runner.js';
import type { Collector, CollectorResult } from './collector.js';

/** Runs collectors side by side whenever somebody asks for the metrics. */
export class CollectorSet {
  private readonly collectors = new Set<Collector>();
  private readonly runner: CollectorRunner;
  private running: Promise<void> | undefined;

  /** @param report is told of each run of each collector that is still in the set */
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

  /** Runs every collector once. Who asks while they run waits for that run, within a time of their own. */
  async run(timeoutMs = Infinity): Promise<void> {
    if (this.running !== undefined) {
      await withinTime(this.running, timeoutMs).catch(() => undefined);
      return;
    }
    this.running = this.runAll(timeoutMs).finally(() => (this.running = undefined));
    await this.running;
  }

  private async runAll(timeoutMs: number): Promise<void> {
    const results = await Promise.all(
      [...this.collectors].map((collector) => this.runner.run(collector, { timeoutMs })),
    );
    // In the order in which they were added, so that what is exposed keeps its order.
    for (const result of results) {
      if (this.collectors.has(result.collector)) this.report(result);
    }
  }
}
