import type { Guard } from '../../primitives/guard.js';
import { callbackGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { DashboardPanelExplorer, FoundPanel, PanelPlace } from './dashboard-panel.explorer.js';
import { type PanelClocks, PanelRun } from './panel-run.js';

/** The panels of the application, each with its calls. */
export class OwnPanels {
  private readonly runs = new Map<string, PanelRun>();

  constructor(
    private readonly explorer: Pick<DashboardPanelExplorer, 'find'>,
    private readonly registry: MetricsRegistry,
    private readonly clocks: PanelClocks,
  ) {}

  /** Returns all panels, in the order in which they are shown. */
  all(): readonly FoundPanel[] {
    return this.explorer.find();
  }

  /** Returns the panels in a place. */
  in(place: PanelPlace): PanelRun[] {
    return this.all()
      .filter((panel) => isIn(panel, place))
      .map((panel) => this.runOf(panel));
  }

  /** Returns a panel by its id; undefined if there is none. */
  find(id: unknown): PanelRun | undefined {
    const panel = this.all().find((each) => each.id === id);
    return panel && this.runOf(panel);
  }

  private runOf(panel: FoundPanel): PanelRun {
    let run = this.runs.get(panel.id);
    if (run === undefined) {
      run = new PanelRun(panel, this.guardOf(panel), this.clocks);
      this.runs.set(panel.id, run);
    }
    return run;
  }

  private guardOf({ id }: FoundPanel): Guard {
    return callbackGuard(this.registry, `@DashboardPanel() ${id}`);
  }
}

function isIn({ place }: FoundPanel, wanted: PanelPlace): boolean {
  return 'area' in wanted
    ? 'area' in place && place.area === wanted.area
    : 'page' in place && place.page === wanted.page;
}

/** The metrics of charts that the dashboard does not retain by itself, since they have many series. Bounded. */
export class ChartRetention {
  private readonly retained = new Set<string>();

  constructor(
    private readonly history: Pick<MetricsHistory, 'retain'>,
    private readonly limit = 100,
  ) {}

  /** Keeps the samples of a metric from now on. */
  retain(metric: string): void {
    if (this.retained.has(metric) || this.retained.size >= this.limit) return;
    this.retained.add(metric);
    this.history.retain({ metric, bestEffort: true });
  }
}
