import { quantileOf } from '../../metrics/exponential-histogram.js';
import {
  CREATED_UNKNOWN,
  type HistogramSeriesSnapshot,
  type MetricFamily,
  type MetricsSnapshot,
  type ScalarSeriesSnapshot,
} from '../../metrics/snapshot.js';

/** All metrics at one time. Fields may be added to version 1; none is changed or removed. */
export interface JsonMetrics {
  readonly version: 1;
  /** Time of the snapshot, in ISO 8601. */
  readonly timestamp: string;
  /** Labels of every series, in addition to its own. */
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** Metrics by name. */
  readonly metrics: Readonly<Record<string, JsonMetric>>;
}

/** One metric with all its series. */
export type JsonMetric =
  | (JsonMetricBase & { readonly type: 'counter' | 'gauge'; readonly series: readonly JsonScalar[] })
  | (JsonMetricBase & { readonly type: 'histogram'; readonly series: readonly JsonHistogram[] });

interface JsonMetricBase {
  readonly help: string;
}

interface JsonSeriesBase {
  readonly labels: Readonly<Record<string, string>>;
  /** Creation time of the series, in ISO 8601; absent if it is unknown, as that of counts kept elsewhere. */
  readonly createdAt?: string;
}

/** One series of a counter, as the total since its creation, or of a gauge. */
export interface JsonScalar extends JsonSeriesBase {
  readonly value: number;
}

/** One series of a histogram or a timer since its creation. Statistics of no values are null. */
export interface JsonHistogram extends JsonSeriesBase {
  readonly count: number;
  readonly sum: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Percentiles since the creation of the series; at most 1 % off, regardless of the buckets. */
  readonly percentiles: Readonly<Record<'p50' | 'p90' | 'p95' | 'p99', number | null>>;
  /** Cumulative number of values at or below each bound. */
  readonly buckets: readonly { readonly le: number | '+Inf'; readonly count: number }[];
}

/** Returns the JSON document of a snapshot with exponential histograms. */
export function jsonDocument(snapshot: MetricsSnapshot): JsonMetrics {
  return {
    ...headOf(snapshot),
    metrics: Object.fromEntries(
      snapshot.families.map((family) => {
        const { type, help } = family;
        return [family.name, { type, help, series: [...seriesOf(family)] } as JsonMetric];
      }),
    ),
  };
}

/** Yields the text of the same document, without line breaks, one series at a time. */
export function* jsonText(snapshot: MetricsSnapshot): Generator<string, void, undefined> {
  yield `${JSON.stringify(headOf(snapshot)).slice(0, -1)},"metrics":{`;
  let separator = '';
  for (const family of snapshot.families) {
    const { name, type, help } = family;
    yield `${separator}${JSON.stringify(name)}:${JSON.stringify({ type, help }).slice(0, -1)},"series":[`;
    let comma = '';
    for (const series of seriesOf(family)) {
      yield comma + JSON.stringify(series);
      comma = ',';
    }
    yield ']}';
    separator = ',';
  }
  yield '}}';
}

function headOf({ timestamp, defaultLabels }: MetricsSnapshot): Omit<JsonMetrics, 'metrics'> {
  return { version: 1, timestamp: new Date(timestamp).toISOString(), defaultLabels };
}

function* seriesOf(family: MetricFamily): Generator<JsonScalar | JsonHistogram> {
  if (family.type === 'histogram') for (const series of family.series) yield histogramOf(series);
  else for (const series of family.series) yield scalarOf(series);
}

function scalarOf({ labels, value, createdAt }: ScalarSeriesSnapshot): JsonScalar {
  return { labels, value, ...creationOf(createdAt) };
}

function histogramOf(series: HistogramSeriesSnapshot): JsonHistogram {
  const { labels, count, sum, min, max, buckets, createdAt } = series;
  const orNull = (value: number): number | null => (count === 0 ? null : value);
  return {
    labels,
    count,
    sum,
    min: orNull(min),
    max: orNull(max),
    mean: orNull(sum / count),
    percentiles: {
      p50: percentileOf(series, 0.5),
      p90: percentileOf(series, 0.9),
      p95: percentileOf(series, 0.95),
      p99: percentileOf(series, 0.99),
    },
    buckets: buckets.map(({ upperBound, count: cumulative }) => ({
      le: upperBound === Infinity ? '+Inf' : upperBound,
      count: cumulative,
    })),
    ...creationOf(createdAt),
  };
}

function creationOf(createdAt: number): Pick<JsonSeriesBase, 'createdAt'> {
  return createdAt === CREATED_UNKNOWN ? {} : { createdAt: new Date(createdAt).toISOString() };
}

function percentileOf({ count, exponential, min, max }: HistogramSeriesSnapshot, q: number): number | null {
  if (count === 0 || exponential === undefined) return null;
  return Math.min(Math.max(quantileOf(exponential, q), min), max);
}
