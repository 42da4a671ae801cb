import { PROCESS_METRICS } from '../../metrics/metric-names.js';
import { changedSeries } from '../../alerting/context/changed-series.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import { rounded } from '../rounding.js';
import type { Unit } from '../views/panel.js';
import type { TimeRange } from '../views/time-range.js';
import { unitOfMetric, unitOfRate } from '../views/unit-of-metric.js';
import { type ImpactRow, impactRows, readTraffic } from './traffic.js';

/** The window of changes, in milliseconds: from a few samples to a few minutes. */
const MIN_WINDOW_MS = 60_000;
const MAX_WINDOW_MS = 300_000;
const MAX_ROUTES = 10;

/** A series that changed against the window before. */
export interface ChangedRow {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly before: number;
  readonly now: number;
  /** Unit of both: of a rate, for a counter or a histogram. */
  readonly unit: Unit;
}

/** The routes and changes of the area Now. */
export interface NowData {
  /** The covered part of the range, in milliseconds. */
  readonly windowMs: number;
  /** The routes that matter most: by failures, then by time. */
  readonly routes: readonly ImpactRow[];
  /** Number of routes that are left out. */
  readonly omittedRoutes: number;
  /** The window that is compared with the one before, in milliseconds. */
  readonly changeWindowMs: number;
  readonly changes: readonly ChangedRow[];
}

/** Reads the routes with the greatest impact and the series that changed most. Yields after each small step. */
export function* readNow(
  history: MetricsHistory,
  { rangeMs, until }: TimeRange,
): Generator<void, NowData, void> {
  const traffic = yield* readTraffic(history, rangeMs, until);
  const at = until ?? history.lastSample ?? 0;
  // Against a time before the start, everything has changed.
  const covered = history.coveredMs(PROCESS_METRICS.cpu, rangeMs, { at });
  const changeWindowMs = Math.min(covered / 2, MAX_WINDOW_MS);
  const changes: ChangedRow[] = [];
  const found = changeWindowMs < MIN_WINDOW_MS ? [] : yield* changedSeries(history, changeWindowMs, at);
  for (const { metric, labels, before, now } of found) {
    const type = history.typeOf(metric) ?? 'gauge';
    const unit = unitOfMetric(metric, type);
    changes.push({
      metric,
      labels: varyingLabels(history, metric, labels),
      before: rounded(before),
      now: rounded(now),
      unit: type === 'gauge' ? unit : type === 'histogram' ? 'per second' : unitOfRate(unit),
    });
    yield;
  }
  return {
    windowMs: traffic.windowMs,
    routes: impactRows(traffic, MAX_ROUTES),
    omittedRoutes: Math.max(0, traffic.routes.length - MAX_ROUTES),
    changeWindowMs,
    changes,
  };
}

/** Returns the labels that distinguish the series of a metric. Default labels have the same value in all of them. */
function varyingLabels(
  history: Pick<MetricsHistory, 'series'>,
  metric: string,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = history.series(metric);
  return Object.fromEntries(
    Object.entries(labels).filter(([name, value]) => all.some((other) => other[name] !== value)),
  );
}
