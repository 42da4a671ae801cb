import type { DashboardFeed } from './dashboard.feed.js';
import type { DashboardRetention } from './dashboard-retention.js';
import type { DashboardPanelExplorer } from './panels/dashboard-panel.explorer.js';
import type { Timeline } from './now/timeline.js';

/** The start and stop of the dashboard. Event streams are closed before the server closes, which waits for them. */
export class DashboardLifecycle {
  constructor(
    private readonly feed: DashboardFeed,
    private readonly retention: DashboardRetention,
    private readonly panels: Pick<DashboardPanelExplorer, 'find'>,
    private readonly queries: AbortController,
    private readonly timeline: Timeline,
  ) {}

  start(): void {
    this.timeline.start();
    this.retention.start();
    // Says at the start which panels cannot be shown.
    this.panels.find();
    this.feed.start();
  }

  stop(): void {
    this.feed.stop();
    this.queries.abort();
    this.retention.stop();
    this.timeline.stop();
  }
}
