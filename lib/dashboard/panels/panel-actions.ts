import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { withinTime } from '../../primitives/deadline.js';
import { redactAndCut } from '../../primitives/redact.js';
import { DASHBOARD_METRICS } from '../../metrics/metric-names.js';
import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { ApiError } from '../dashboard-api.endpoints.js';
import type { OwnPanels } from './own-panels.js';
import { problemOf } from './panel-run.js';

/** Time limit of an action, in milliseconds. */
const LIMIT_MS = 10_000;
const MAX_ACTIONS = 100;
const MESSAGE_LENGTH = 500;

/** The actions that people start on the dashboard: one of a kind at a time, within a time limit, counted. */
export class DashboardActions {
  private readonly running = new Set<string>();
  private readonly names = new BoundedLabelValues(MAX_ACTIONS);
  private counter: Counter<'panel' | 'action' | 'outcome'> | undefined;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly limitMs = LIMIT_MS,
  ) {}

  /**
   * Runs an action.
   *
   * @returns what the page shows of its result
   * @throws {ApiError} if it fails, takes too long, or still runs
   */
  async run(
    panel: string,
    action: string,
    work: (signal: AbortSignal) => unknown,
  ): Promise<{ message?: string }> {
    const key = JSON.stringify([panel, action]);
    if (this.running.has(key))
      throw new ApiError(409, 'The action is still running. Wait until it has ended.');
    this.running.add(key);
    const controller = new AbortController();
    const call = (async () => work(controller.signal))();
    const ended = (): boolean => this.running.delete(key);
    call.then(ended, ended);
    try {
      const message = `The action has not ended within ${this.limitMs / 1000} s. It may still do so.`;
      const result = await withinTime(call, this.limitMs, { background: true, message });
      this.count(panel, action, 'success');
      return typeof result === 'string' ? { message: redactAndCut(result, MESSAGE_LENGTH) } : {};
    } catch (error) {
      this.count(panel, action, 'error');
      if (error instanceof ApiError) throw error;
      throw new ApiError(500, problemOf(error));
    } finally {
      controller.abort();
    }
  }

  /** Runs an action of a panel of the application, as the panel has it now. */
  async runOf(panels: OwnPanels, { panel, action }: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (typeof panel !== 'string' || typeof action !== 'string') {
      throw new ApiError(400, '`panel` and `action` must be strings.');
    }
    const run = panels.find(panel);
    // The method runs again if its result is old, so that an action is one that the panel still has.
    await run?.refresh(undefined);
    const found = run?.outcome.content?.actions.find(({ title }) => title === action);
    if (run === undefined || found === undefined) {
      throw new ApiError(404, 'The panel no longer has this action.');
    }
    try {
      return await this.run(panel, action, found.run);
    } finally {
      run.expire();
    }
  }

  private count(panel: string, action: string, outcome: 'success' | 'error'): void {
    this.counter ??= this.registry.counter(
      DASHBOARD_METRICS.actions,
      'Actions that people started on the dashboard, by panel, action and outcome.',
      { labelNames: ['panel', 'action', 'outcome'] },
    );
    this.counter.inc({ panel: this.names.of(panel), action: this.names.of(action), outcome });
  }
}
