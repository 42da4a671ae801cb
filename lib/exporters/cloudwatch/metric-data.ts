import { batchesOf } from '../push/batches.js';
import type {
  CounterInterval,
  GaugeInterval,
  HistogramInterval,
  IntervalFamily,
  MetricsInterval,
} from '../push/metrics-interval.js';
import type { PushRequest } from '../push/push-destination.js';
import { Refusal } from '../push/refusal.js';
import { shortName } from '../push/short-name.js';
import { weightedValues } from '../push/weighted-values.js';
import { type Dimension, dimensionSetsOf, identityOf } from './dimensions.js';
import { type StandardUnit, standardUnitOf } from './units.js';

/** What CloudWatch is told of one metric in one interval: the `MetricDatum` of its API. */
export interface MetricDatum extends Measurement {
  readonly MetricName: string;
  readonly Dimensions: readonly Dimension[];
  readonly Timestamp: Date;
  readonly Unit: StandardUnit;
  readonly StorageResolution: 1 | 60;
}

/** The numbers of a datum: one value, or values and counts, or statistics. */
interface Measurement {
  readonly Value?: number;
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly StatisticValues?: {
    readonly SampleCount: number;
    readonly Sum: number;
    readonly Minimum: number;
    readonly Maximum: number;
  };
}

/** How an interval is told. */
export interface MetricDataOptions {
  readonly namespace: string;
  readonly distributions: 'values' | 'statistics';
  readonly highResolution: boolean;
  readonly rollUps: readonly (readonly string[])[];
}

const MAX_DATA = 1_000;
const MAX_BYTES = 1_000_000;
const MAX_VALUES = 150;
const MAX_NAME_LENGTH = 255;
/** Greater magnitudes are refused, and so are those below its inverse. */
const MAX_MAGNITUDE = 2 ** 360;

/**
 * An interval as calls of PutMetricData.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */
export function metricDataRequests(interval: MetricsInterval, options: MetricDataOptions): PushRequest[] {
  const data = [...metricData(interval, options)];
  const storable = data.filter(isStorable);
  const frame = JSON.stringify({ Namespace: options.namespace, MetricData: [] }).length;
  const limits = { items: MAX_DATA, bytes: MAX_BYTES - frame };
  const requests = batchesOf(storable, bytesOf, limits).map(({ items, bytes }) =>
    metricDataRequest(items, frame + bytes),
  );
  const refused = data.length - storable.length;
  if (refused === 0) return requests;
  return [...requests, new Refusal(refused, 'CloudWatch takes no values beyond ±2^360.')];
}

/** One call of PutMetricData. */
export function metricDataRequest(data: readonly MetricDatum[], bytes: number): PushRequest {
  return { payload: data, points: data.length, bytes };
}

/** How many bytes a datum and a comma are in the JSON that the SDK sends; all of it is ASCII. */
function bytesOf(datum: MetricDatum): number {
  return JSON.stringify({ ...datum, Timestamp: datum.Timestamp.getTime() / 1_000 }).length + 1;
}

function* metricData(interval: MetricsInterval, options: MetricDataOptions): Generator<MetricDatum> {
  // The end is the first moment of the next minute already.
  const Timestamp = new Date(Math.max(interval.startedAt, interval.endedAt - 1));
  const StorageResolution = options.highResolution ? 1 : 60;
  for (const family of interval.families) {
    const MetricName = shortName(family.name, MAX_NAME_LENGTH);
    const Unit = standardUnitOf(family.name, family.type);
    for (const { Dimensions, ...numbers } of measurements(family, interval.defaultLabels, options)) {
      yield { MetricName, Dimensions, Timestamp, Unit, StorageResolution, ...numbers };
    }
  }
}

function measurements(
  family: IntervalFamily,
  defaultLabels: Readonly<Record<string, string>>,
  { distributions, rollUps }: MetricDataOptions,
) {
  if (family.type === 'counter') return byDimensions(family.series, defaultLabels, rollUps, added);
  if (family.type === 'gauge') return byDimensions(family.series, defaultLabels, rollUps, measured);
  const tell = distributions === 'values' ? observed : summarised;
  return byDimensions(family.series, defaultLabels, rollUps, tell);
}

/** Series that are the same to CloudWatch, by a roll-up or because it takes less than a label may hold, are one. */
function byDimensions<S extends { readonly labels: Readonly<Record<string, string>> }>(
  series: readonly S[],
  defaultLabels: Readonly<Record<string, string>>,
  rollUps: readonly (readonly string[])[],
  measure: (series: readonly S[]) => Measurement,
): (Measurement & { readonly Dimensions: readonly Dimension[] })[] {
  const groups = new Map<string, { readonly Dimensions: readonly Dimension[]; readonly members: S[] }>();
  for (const member of series) {
    // Its own labels come first, since not all of them may be kept.
    const labels = { ...member.labels, ...defaultLabels, ...member.labels };
    for (const Dimensions of dimensionSetsOf(labels, rollUps)) {
      const identity = identityOf(Dimensions);
      const group = groups.get(identity);
      if (group === undefined) groups.set(identity, { Dimensions, members: [member] });
      else group.members.push(member);
    }
  }
  return [...groups.values()].map(({ Dimensions, members }) => ({ Dimensions, ...measure(members) }));
}

function added(counters: readonly CounterInterval[]): Measurement {
  return { Value: notTooSmall(sumOf(counters.map(({ delta }) => delta))) };
}

function measured(gauges: readonly GaugeInterval[]): Measurement {
  const values = gauges.map(({ value }) => notTooSmall(value));
  return values.length === 1 ? { Value: values[0] } : statistics(values.length, sumOf(values), values);
}

function observed(histograms: readonly HistogramInterval[]): Measurement {
  const { values, counts } = weightedValues(histograms, MAX_VALUES);
  const countOf = new Map<number, number>();
  // Those that are too small are the same as zero, and a value must not be told twice.
  for (const [i, value] of values.entries()) {
    const told = notTooSmall(value);
    countOf.set(told, (countOf.get(told) ?? 0) + counts[i]);
  }
  return { Values: [...countOf.keys()], Counts: [...countOf.values()] };
}

function summarised(histograms: readonly HistogramInterval[]): Measurement {
  return statistics(
    sumOf(histograms.map(({ delta }) => delta.count)),
    notTooSmall(sumOf(histograms.map(({ delta }) => delta.sum))),
    weightedValues(histograms).values.map(notTooSmall),
  );
}

function statistics(SampleCount: number, Sum: number, values: readonly number[]): Measurement {
  return {
    StatisticValues: { SampleCount, Sum, Minimum: Math.min(...values), Maximum: Math.max(...values) },
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function notTooSmall(value: number): number {
  return Math.abs(value) < 1 / MAX_MAGNITUDE ? 0 : value;
}

function isStorable({ Value, Values, StatisticValues }: MetricDatum): boolean {
  const numbers = [Value ?? [], Values ?? [], Object.values(StatisticValues ?? {})].flat();
  // NaN is no less than anything.
  return numbers.every((number) => Math.abs(number) <= MAX_MAGNITUDE);
}
