import type { RunningCollectors } from './running-collectors.js';
import type { ManagedCollector } from './managed-collector.js';
import type { RegisterTimer } from '../primitives/register-timer.js';

/**
 * The lifecycle of the collectors: they start with the application, and stop after everything that reads metrics.
 * {@link RunningCollectors} has their timers.
 */
export class CollectorLifecycle {
  constructor(
    private readonly running: RunningCollectors,
    private readonly collectors: readonly ManagedCollector[],
    private readonly registerTimer?: RegisterTimer,
  ) {}

  install(): void {
    for (const collector of this.collectors) this.running.add(collector);
  }

  start(): void {
    this.running.startSchedules(this.registerTimer);
  }

  async runAll(): Promise<void> {
    await this.running.runSchedules();
  }

  stop(): void {
    this.running.stop();
  }
}
