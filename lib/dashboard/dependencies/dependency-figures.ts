import type { LabelMatchers } from '../../query/label-matchers.js';
import type { DashboardHistory } from '../dashboard-history.js';
import { rounded } from '../rounding.js';
import type { TimeRange } from '../views/time-range.js';
import type { DependencyCard } from './dependency-card.js';
import type { DependencyKindDefinition } from './dependency-kinds.js';

const TREND_POINTS = 40;
/** The shortest window of a rate, in sampling intervals. */
const MIN_WINDOW_INTERVALS = 4;

/** The figures of a dependency that have a window. */
export type DependencyFigures = Pick<
  DependencyCard,
  'name' | 'perSecond' | 'failedPerSecond' | 'errorPercent' | 'p95' | 'windowMs' | 'trend'
>;

/** A reader of the figures of one kind of dependency. */
export class DependencyFigureReader {
  private readonly windowMs: number;
  private readonly at: readonly number[];

  constructor(
    private readonly history: DashboardHistory,
    private readonly definition: DependencyKindDefinition,
    private readonly range: TimeRange,
  ) {
    const { rangeMs, until = history.lastSample } = range;
    const moment = until === undefined ? {} : { at: until };
    this.windowMs = Math.max(
      0,
      ...definition.calls.map((metric) => history.coveredMs(metric, rangeMs, moment)),
      ...definition.failures.map(([metric]) => history.coveredMs(metric, rangeMs, moment)),
    );
    this.at = until === undefined || this.windowMs === 0 ? [] : [until];
  }

  *read(): Generator<void, DependencyFigures[], void> {
    const { calls: metrics, failures, duration, label } = this.definition;
    const calls = new Map<string, number>();
    const failed = new Map<string, number>();
    for (const metric of metrics) yield* this.add(calls, metric);
    for (const [metric, labels] of failures) yield* this.add(failed, metric, labels);
    const trends = yield* this.trends();
    const durations = yield* this.history.queryRange(
      duration,
      { quantiles: [0.95] },
      this.windowMs,
      this.at,
      {
        groupBy: [label],
      },
    );
    const p95 = new Map(durations.map(({ labels, values: [value = NaN] }) => [labels[label], value]));
    return [...new Set([...calls.keys(), ...failed.keys()])].map((name) => {
      const [count = 0, failedCount = 0] = [calls.get(name), failed.get(name)];
      // A call that fails without an answer may be counted as a failure only.
      const all = Math.max(count, failedCount);
      const slow = p95.get(name) ?? NaN;
      return {
        name,
        perSecond: this.rateOf(all),
        failedPerSecond: this.rateOf(failedCount),
        ...(all > 0 && { errorPercent: rounded((failedCount / all) * 100) }),
        ...(Number.isFinite(slow) && { p95: rounded(slow) }),
        windowMs: this.windowMs,
        trend: trends.get(name) ?? [],
      };
    });
  }

  /** Returns the figures of a dependency that has none. */
  without(name: string): DependencyFigures {
    return { name, perSecond: 0, failedPerSecond: 0, windowMs: this.windowMs, trend: [] };
  }

  private rateOf(count: number): number {
    return this.windowMs === 0 ? 0 : rounded(count / (this.windowMs / 1000));
  }

  private *add(
    totals: Map<string, number>,
    metric: string,
    labels?: LabelMatchers,
  ): Generator<void, void, void> {
    const { label } = this.definition;
    const found = yield* this.history.queryRange(metric, 'increase', this.windowMs, this.at, {
      groupBy: [label],
      ...(labels && { labels }),
    });
    for (const {
      labels: of,
      values: [value = NaN],
    } of found) {
      const name = of[label];
      if (name !== undefined && Number.isFinite(value)) totals.set(name, (totals.get(name) ?? 0) + value);
    }
  }

  private *trends(): Generator<void, Map<string, (number | null)[]>, void> {
    const { history } = this;
    const { rangeMs } = this.range;
    const {
      calls: [metric = ''],
      label,
    } = this.definition;
    const [until = 0] = this.at;
    const step = Math.max(rangeMs / TREND_POINTS, history.intervalMs);
    const since = until - Math.min(rangeMs, this.windowMs);
    const times: number[] = [];
    for (let at = until; at > since; at -= step) times.unshift(at);
    const windowMs = Math.max(step, history.intervalMs * MIN_WINDOW_INTERVALS);
    const found = yield* history.queryRange(metric, 'rate', windowMs, times, { groupBy: [label] });
    return new Map(
      found.map(({ labels, values }) => [
        labels[label] ?? '',
        Array.from(values, (value) => (Number.isFinite(value) ? rounded(value) : null)),
      ]),
    );
  }
}
