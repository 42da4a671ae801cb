import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { TimeRange } from '../views/time-range.js';

/** The most columns of a heatmap: more than a phone can show. */
const MAX_COLUMNS = 60;

/** The durations of the requests of a route by bucket and time. */
export interface LatencyHeatmap {
  /** Start of the first column, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** End of each column, in milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  /** The buckets with requests and those between them, the fastest first. */
  readonly buckets: readonly {
    /** Bounds in seconds; `to` is null for the slowest bucket, which has none. */
    readonly from: number;
    readonly to: number | null;
    /** Number of requests in each column. */
    readonly counts: readonly number[];
  }[];
  /** The largest of the counts. */
  readonly max: number;
}

/** Reads the durations of the requests of a route. Yields after each small step. */
export function* latencyHeatmap(
  history: DashboardHistory,
  labels: Readonly<Record<string, string>>,
  range: TimeRange,
): Generator<void, LatencyHeatmap | undefined, void> {
  const metric = HTTP_METRICS.duration;
  const [since, ...times] = columnsOf(history, metric, range);
  if (since === undefined) return undefined;
  const found = yield* history.bucketCounts(metric, [since, ...times], labels);
  if (found === undefined) return undefined;
  const { upperBounds, counts } = found;
  const isUsed = counts.map((each) => each.some((count) => count > 0));
  const first = isUsed.indexOf(true);
  if (first < 0) return undefined;
  return {
    since,
    times,
    buckets: counts.slice(first, isUsed.lastIndexOf(true) + 1).map((each, i) => ({
      from: upperBounds[first + i - 1] ?? 0,
      to: upperBounds[first + i] ?? null,
      counts: [...each],
    })),
    max: counts.reduce((max, each) => each.reduce((a, b) => Math.max(a, b), max), 0),
  };
}

/** Returns the start of the first column and the end of each. They are times of samples, each of which is in one column. */
function columnsOf(
  history: DashboardHistory,
  metric: string,
  { rangeMs, until = history.lastSample ?? 0 }: TimeRange,
): number[] {
  const windowMs = history.coveredMs(metric, rangeMs, { at: until });
  const since = until - windowMs;
  // The sample at the start ends no column. It may be a little late, as timers are.
  const lateMs = Math.min(history.intervalMs, windowMs) / 2;
  const samples = history.timestamps(metric).filter((time) => time > since + lateMs && time <= until);
  const step = Math.ceil(samples.length / MAX_COLUMNS);
  const ends = samples.filter((_, i) => (samples.length - 1 - i) % step === 0);
  return ends.length === 0 ? [] : [since, ...ends];
}
