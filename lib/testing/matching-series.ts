import { renderLabel } from '../metrics/label-escaping.js';
import { type LabelValue, toLabelString } from '../metrics/labels.js';
import type {
  HistogramSeriesSnapshot,
  MetricFamily,
  MetricsSnapshot,
  ScalarSeriesSnapshot,
} from '../metrics/snapshot.js';

/** Labels that a series must have. It may have others. */
export type ExpectedLabels = Readonly<Record<string, LabelValue>>;

/** The value of one series, and its increase since a test began to track it. */
export interface SeriesReading {
  readonly labels: Readonly<Record<string, string>>;
  /** The value of a counter or a gauge, or the number of values of a histogram. */
  readonly value: number;
  /** The increase of {@link value}. */
  readonly increase: number;
  /** The increase of the sum of a histogram. */
  readonly sumIncrease: number;
}

type SeriesSnapshot = ScalarSeriesSnapshot | HistogramSeriesSnapshot;

/** Returns the metric family of a name. */
export function familyIn({ families }: MetricsSnapshot, name: string): MetricFamily | undefined {
  return families.find((family) => family.name === name);
}

/** Returns every series of a metric, with its increase since `before`, or since its creation. */
export function readSeries(
  now: MetricsSnapshot,
  before: MetricsSnapshot | undefined,
  name: string,
): SeriesReading[] {
  const earlier = new Map(before && seriesOf(before, name).map((series) => [identityOf(series), series]));
  return seriesOf(now, name).map((series) => {
    const past = earlier.get(identityOf(series));
    // A series that was reset in between counts from zero.
    const since = past?.createdAt === series.createdAt && valueOf(past) <= valueOf(series) ? past : undefined;
    return {
      labels: series.labels,
      value: valueOf(series),
      increase: valueOf(series) - (since ? valueOf(since) : 0),
      sumIncrease: sumOf(series) - (since ? sumOf(since) : 0),
    };
  });
}

/** Returns true if a series has all of the labels. Default labels count as its own. */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  { defaultLabels }: MetricsSnapshot,
  required: ExpectedLabels,
): boolean {
  const all = { ...defaultLabels, ...labels };
  return Object.entries(required).every(([name, value]) => all[name] === toLabelString(value));
}

/** Returns a series in the notation of the exposition: `name{label="value"}`. */
export function renderSeries(name: string, labels: ExpectedLabels): string {
  const all = Object.entries(labels).map(([label, value]) => renderLabel(label, toLabelString(value)));
  return all.length === 0 ? name : `${name}{${all.join(',')}}`;
}

function seriesOf(snapshot: MetricsSnapshot, name: string): SeriesSnapshot[] {
  const family = familyIn(snapshot, name);
  return family === undefined ? [] : [...family.series];
}

function identityOf({ labels }: SeriesSnapshot): string {
  return JSON.stringify(Object.entries(labels));
}

function valueOf(series: SeriesSnapshot): number {
  return 'value' in series ? series.value : series.count;
}

function sumOf(series: SeriesSnapshot): number {
  return 'sum' in series ? series.sum : 0;
}
