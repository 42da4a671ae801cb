import { HTTP_METRICS, HTTP_WAIT_METRICS } from '../../metrics/metric-names.js';
import type { MetricsSource } from '../../metrics/registry.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import { rounded } from '../rounding.js';
import type { TimeRange } from '../views/time-range.js';

/** The time for which the metrics of waits are retained after a page of a route was read, in milliseconds. */
const RETAINED_MS = 900_000;
/** The number of series read in one step. */
const SERIES_PER_STEP = 100;

type Steps<T> = Generator<void, T, void>;
type Labels = Readonly<Record<string, string>>;

/** The waits of the recorded requests of a route. */
export interface RouteWaits {
  /** The window, in milliseconds; null for the time since the start of the process. */
  readonly windowMs: number | null;
  /** Number of recorded requests. */
  readonly recorded: number;
  /** The parts of their time, the longest first. */
  readonly parts: readonly {
    readonly part: string;
    /** Seconds for each request, on average. */
    readonly seconds: number;
    /** Percentage of the time of the requests. */
    readonly percent: number;
  }[];
  /** Database statements for each request, on average. */
  readonly statements: number;
  /** Requests with an N+1. */
  readonly repeated: number;
  readonly repeatedPercent: number;
}

/** Totals of the metrics of waits. */
interface WaitTotals {
  recorded: number;
  statements: number;
  repeated: number;
  readonly parts: Map<string, number>;
}

/** A reader of the waits of the requests of a route. */
export class RouteWaitsReader {
  private release: (() => void) | undefined;
  private readAt = 0;

  constructor(
    private readonly source: MetricsSource,
    private readonly history: MetricsHistory,
    /** History of the figures: of this process, or of Prometheus. */
    private readonly from: DashboardHistory = history,
  ) {}

  /**
   * Reads what the requests of a route waited for: in a range, or since the start of the process if
   * the history has little of it. Yields after each small step.
   *
   * @returns undefined if no request of the route was recorded
   */
  *read(
    labels: Labels,
    { rangeMs, until = this.from.lastSample ?? 0 }: TimeRange,
  ): Steps<RouteWaits | undefined> {
    if (this.from !== this.history) {
      const covered = this.from.coveredMs(HTTP_WAIT_METRICS.recorded, rangeMs, { at: until });
      return covered === 0 ? undefined : waitsOf(yield* this.recent(labels, covered, until), covered);
    }
    this.retain();
    const coveredMs = (metric: string): number => this.history.coveredMs(metric, rangeMs, { at: until });
    const windowMs = coveredMs(HTTP_WAIT_METRICS.recorded);
    if (windowMs > 0 && windowMs >= coveredMs(HTTP_METRICS.requests) / 2) {
      return waitsOf(yield* this.recent(labels, windowMs, until), windowMs);
    }
    return waitsOf(yield* this.sinceStart(labels), null);
  }

  private *recent(labels: Labels, windowMs: number, until: number): Steps<WaitTotals> {
    const { from: history } = this;
    const { recorded, queries, repeated, time } = HTTP_WAIT_METRICS;
    const moments = [until];
    function* increaseOf(metric: string): Steps<number> {
      const [all] = yield* history.queryRange(metric, 'increase', windowMs, moments, { labels });
      return all?.values[0] ?? 0;
    }
    const parts = new Map<string, number>();
    const times = yield* history.queryRange(time, 'increase', windowMs, moments, {
      labels,
      groupBy: ['part'],
    });
    for (const {
      labels: { part = '' },
      values,
    } of times)
      parts.set(part, values[0] ?? 0);
    return {
      recorded: yield* increaseOf(recorded),
      statements: yield* increaseOf(queries),
      repeated: yield* increaseOf(repeated),
      parts,
    };
  }

  private *sinceStart(labels: Labels): Steps<WaitTotals> {
    const { recorded, queries, repeated, time } = HTTP_WAIT_METRICS;
    const totals: WaitTotals = { recorded: 0, statements: 0, repeated: 0, parts: new Map() };
    for (const family of this.source.snapshot().families) {
      if (![recorded, queries, repeated, time].some((name) => name === family.name)) continue;
      let examined = 0;
      for (const series of family.series) {
        if (++examined % SERIES_PER_STEP === 0) yield;
        const { method, route, part = '' } = series.labels;
        if (!('value' in series) || method !== labels['method'] || route !== labels['route']) continue;
        const { value } = series;
        if (family.name === recorded) totals.recorded += value;
        else if (family.name === queries) totals.statements += value;
        else if (family.name === repeated) totals.repeated += value;
        else totals.parts.set(part, value + (totals.parts.get(part) ?? 0));
      }
      yield;
    }
    return totals;
  }

  /** Retains the metrics of waits, which of many routes are too many to be retained for everybody. */
  private retain(): void {
    const { history } = this;
    this.readAt = history.lastSample ?? 0;
    if (this.release !== undefined) return;
    const releases = Object.values(HTTP_WAIT_METRICS).map((metric) =>
      history.retain({ metric, bestEffort: true }),
    );
    releases.push(history.onSample((at) => at - this.readAt > RETAINED_MS && this.release?.()));
    this.release = () => {
      for (const release of releases) release();
      this.release = undefined;
    };
  }
}

function waitsOf(
  { recorded, statements, repeated, parts }: WaitTotals,
  windowMs: number | null,
): RouteWaits | undefined {
  if (recorded < 0.5) return undefined;
  const seconds = [...parts.values()].reduce((sum, each) => sum + each, 0);
  return {
    windowMs,
    recorded: Math.round(recorded),
    parts: Array.from(parts, ([part, each]) => ({
      part,
      seconds: rounded(each / recorded),
      percent: seconds === 0 ? 0 : rounded((each / seconds) * 100),
    })).toSorted((a, b) => b.seconds - a.seconds),
    statements: rounded(statements / recorded),
    repeated: Math.round(repeated),
    repeatedPercent: rounded(Math.min(100, (repeated / recorded) * 100)),
  };
}
