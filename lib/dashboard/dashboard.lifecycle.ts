import type { DashboardFeed } from './dashboard.feed.js';
import type { KeptMetrics } from './kept-metrics.js';

/** Keeps the dashboard up to date while the application runs; its readers are let go before the server closes. */
export class DashboardLifecycle {
  constructor(
    private readonly feed: DashboardFeed,
    private readonly kept: KeptMetrics,
    private readonly enabled: boolean,
  ) {}

  start(): void {
    if (!this.enabled) return;
    this.kept.start();
    this.feed.start();
  }

  stop(): void {
    this.feed.stop();
    this.kept.stop();
  }
}
