import { type LabelValue, renderLabel, toLabelString } from '../metrics/labels.js';
import type {
  HistogramSeriesSnapshot,
  MetricFamily,
  MetricsSnapshot,
  ScalarSeriesSnapshot,
} from '../metrics/snapshot.js';

/** Labels that series must have; they may have others. */
export type SoughtLabels = Readonly<Record<string, LabelValue>>;

/** One series, with what it added since a test began to look. */
export interface SeriesReading {
  readonly labels: Readonly<Record<string, string>>;
  /** The value of a counter or a gauge, or how many values a histogram has. */
  readonly value: number;
  /** By how much {@link value} grew. */
  readonly increase: number;
  /** By how much the sum of a histogram grew. */
  readonly sumIncrease: number;
}

type SeriesSnapshot = ScalarSeriesSnapshot | HistogramSeriesSnapshot;

/** The family of this name. */
export function familyIn({ families }: MetricsSnapshot, name: string): MetricFamily | undefined {
  return families.find((family) => family.name === name);
}

/** Every series of a metric, as it stands and as it grew since `before`; without that, since it began. */
export function readSeries(
  now: MetricsSnapshot,
  before: MetricsSnapshot | undefined,
  name: string,
): SeriesReading[] {
  const earlier = new Map(before && seriesOf(before, name).map((series) => [identityOf(series), series]));
  return seriesOf(now, name).map((series) => {
    const past = earlier.get(identityOf(series));
    // A series that was reset in between begins at zero.
    const since = past?.createdAt === series.createdAt && valueOf(past) <= valueOf(series) ? past : undefined;
    return {
      labels: series.labels,
      value: valueOf(series),
      increase: valueOf(series) - (since ? valueOf(since) : 0),
      sumIncrease: sumOf(series) - (since ? sumOf(since) : 0),
    };
  });
}

/** Whether a series has all of these labels, be they its own or those that every series has. */
export function hasLabels(
  labels: Readonly<Record<string, string>>,
  { defaultLabels }: MetricsSnapshot,
  sought: SoughtLabels,
): boolean {
  const all = { ...defaultLabels, ...labels };
  return Object.entries(sought).every(([name, value]) => all[name] === toLabelString(value));
}

/** `name{label="value"}`, as it is in an exposition. */
export function renderSeries(name: string, labels: SoughtLabels): string {
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
