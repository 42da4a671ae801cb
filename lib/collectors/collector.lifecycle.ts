import type { NameInterval, RunningCollectors } from './running-collectors.js';
import type { SourceCollector } from './source.collector.js';

/** Starts the collectors with the application and stops them when all else has ended. */
export class CollectorLifecycle {
  constructor(
    private readonly running: RunningCollectors,
    private readonly collectors: readonly SourceCollector[],
    private readonly nameInterval?: NameInterval,
  ) {}

  install(): void {
    for (const collector of this.collectors) this.running.add(collector);
  }

  start(): void {
    this.running.begin(this.nameInterval);
  }

  stop(): void {
    this.running.end();
  }
}
