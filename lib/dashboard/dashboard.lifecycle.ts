import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { DashboardFeed } from './dashboard.feed.js';
import type { DashboardRetention } from './dashboard-retention.js';

/** The start and stop of the dashboard. Event streams are closed before the server closes, which waits for them. */
@Injectable()
export class DashboardLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly feed: DashboardFeed,
    private readonly retention: DashboardRetention,
    private readonly enabled: boolean,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.enabled) return;
    this.retention.start();
    this.feed.start();
  }

  beforeApplicationShutdown(): void {
    this.feed.stop();
    this.retention.stop();
  }
}
