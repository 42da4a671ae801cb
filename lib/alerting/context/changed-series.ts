import type { MetricsHistory } from '../../query/metrics-history.js';
import type { HistoryReading } from '../../query/readings.js';
import type { SeriesChange } from './alert-context.js';

/** Number of changes that are returned. */
const MAX_CHANGES = 10;
/** Relative change below which a series did not change. */
const MIN_CHANGE = 0.1;
/** The metrics of this library about itself. */
const OWN_METRIC = /^monitoring_/;

/**
 * Returns the series that changed most between the last window and the one before. Yields after each metric.
 *
 * The score of a series is its relative change, times the square root of its share of the metric: a route that goes from
 * one error to two ranks below one that goes from ten to a thousand.
 */
export function* changedSeries(
  history: MetricsHistory,
  windowMs: number,
  at: number,
): Generator<void, SeriesChange[], void> {
  let changes: SeriesChange[] = [];
  for (const { name } of history.metrics()) {
    if (OWN_METRIC.test(name)) continue;
    for (const change of yield* changesOf(history, name, windowMs, at)) changes.push(change);
    // Kept short, since an application may have thousands of series.
    if (changes.length > 50 * MAX_CHANGES) changes = highest(changes);
    yield;
  }
  return highest(changes);
}

function* changesOf(
  history: MetricsHistory,
  metric: string,
  windowMs: number,
  at: number,
): Generator<void, SeriesChange[], void> {
  const labelNames = new Set(history.series(metric).flatMap((labels) => Object.keys(labels)));
  const statistic = history.typeOf(metric) === 'gauge' ? 'average' : 'rate';
  const all = yield* history.queryRange(metric, statistic, windowMs, [at - windowMs, at], {
    groupBy: [...labelNames],
  });
  let whole = 0;
  for (const { values } of all) whole += Math.abs(values[0] || 0) + Math.abs(values[1] || 0);
  if (!(whole > 0)) return [];
  const changes: SeriesChange[] = [];
  for (const { labels, values } of all) {
    const [previous = NaN, value = NaN] = values;
    const before = Number.isNaN(previous) ? 0 : previous;
    const sum = Math.abs(value) + Math.abs(before);
    const change = sum > 0 ? Math.abs(value - before) / sum : 0;
    if (!(change >= MIN_CHANGE)) continue;
    changes.push({ metric, labels, before, now: value, score: change * Math.sqrt(sum / whole) });
  }
  return changes;
}

/** Returns the function that reads the values of a metric: rates, or averages of a gauge. */
export function readerOf(
  history: MetricsHistory,
  metric: string,
): (windowMs: number, at: number, groupBy?: readonly string[]) => HistoryReading[] {
  const isGauge = history.typeOf(metric) === 'gauge';
  return (windowMs, at, groupBy) => {
    const options = { at, ...(groupBy && { groupBy }) };
    return isGauge ? history.average(metric, windowMs, options) : history.rate(metric, windowMs, options);
  };
}

function highest(changes: readonly SeriesChange[]): SeriesChange[] {
  return changes.toSorted((a, b) => b.score - a.score).slice(0, MAX_CHANGES);
}
