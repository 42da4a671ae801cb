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

  /**
   * Runs every collector once. A caller that comes while they run waits for that run. The time limit is the caller's
   * own: when it is over, the run goes on for the others.
   */
  async run(timeoutMs = Infinity): Promise<void> {
    this.running ??= this.runAll().finally(() => (this.running = undefined));
    await withinTime(this.running, timeoutMs).catch(() => undefined);
  }

  private async runAll(): Promise<void> {
    await Promise.all([...this.collectors].map((collector) => this.runOne(collector)));
  }

  /** What is known of a collector must not wait for one that hangs. */
  private async runOne(collector: Collector): Promise<void> {
    // A caller that has left must not keep the process alive by what it has begun.
    const result = await this.runner.run(collector, { background: true });
    if (this.collectors.has(collector)) this.report(result);
  }
}
