import { batchesOf } from '../push/batches.js';
import type {
  CounterInterval,
  GaugeInterval,
  HistogramInterval,
  IntervalFamily,
  MetricsInterval,
} from '../push/metrics-interval.js';
import type { PushRequest } from '../push/push-destination.js';
import { RejectedPoints } from '../push/partial-success.js';
import { shortName } from '../push/short-name.js';
import { bucketMidpoints } from '../push/bucket-midpoints.js';
import { type Dimension, dimensionSetsOf, identityOf } from './dimensions.js';
import { isStorableNumber, storableValues, zeroIfTiny } from './magnitudes.js';
import { type StandardUnit, standardUnitOf } from './units.js';
import { largest, smallest } from '../../primitives/extremes.js';

/** The data of one metric in one interval: the `MetricDatum` of the CloudWatch API. */
export interface MetricDatum extends Measurement {
  readonly MetricName: string;
  readonly Dimensions: readonly Dimension[];
  readonly Timestamp: Date;
  readonly Unit: StandardUnit;
  readonly StorageResolution: 1 | 60;
}

/** The numbers of a datum: a value, values with counts, or statistics. */
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

/** The settings for encoding an interval. */
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

/**
 * Encodes an interval as calls of PutMetricData.
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
  const rejected = data.length - storable.length;
  if (rejected === 0) return requests;
  return [...requests, new RejectedPoints(rejected, 'CloudWatch accepts values within ±2^360 only.')];
}

/** Returns the request for one call of PutMetricData. */
export function metricDataRequest(data: readonly MetricDatum[], bytes: number): PushRequest {
  return { payload: data, points: data.length, bytes };
}

/** Returns the size of a datum and a comma in the JSON of the SDK, which is ASCII. */
function bytesOf(datum: MetricDatum): number {
  return JSON.stringify({ ...datum, Timestamp: datum.Timestamp.getTime() / 1_000 }).length + 1;
}

function* metricData(interval: MetricsInterval, options: MetricDataOptions): Generator<MetricDatum> {
  // The end itself belongs to the next minute.
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
  if (family.type === 'counter') return byDimensions(family.series, defaultLabels, rollUps, sumOfCounters);
  if (family.type === 'gauge') return byDimensions(family.series, defaultLabels, rollUps, statisticsOfGauges);
  const measure = distributions === 'values' ? valuesOfHistograms : statisticsOfHistograms;
  return byDimensions(family.series, defaultLabels, rollUps, measure);
}

/** Combines series with equal dimensions: by a roll-up, or because a label exceeds the limits of CloudWatch. */
function byDimensions<S extends { readonly labels: Readonly<Record<string, string>> }>(
  series: readonly S[],
  defaultLabels: Readonly<Record<string, string>>,
  rollUps: readonly (readonly string[])[],
  measure: (series: readonly S[]) => Measurement,
): (Measurement & { readonly Dimensions: readonly Dimension[] })[] {
  const groups = new Map<string, { readonly Dimensions: readonly Dimension[]; readonly members: S[] }>();
  for (const member of series) {
    // Own labels come first, since only the first 30 are kept.
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

function sumOfCounters(counters: readonly CounterInterval[]): Measurement {
  return { Value: zeroIfTiny(sumOf(counters.map(({ delta }) => delta))) };
}

function statisticsOfGauges(gauges: readonly GaugeInterval[]): Measurement {
  const values = gauges.map(({ value }) => zeroIfTiny(value));
  const [only] = values;
  if (only !== undefined && values.length === 1) return { Value: only };
  return statistics(values.length, sumOf(values), values);
}

function valuesOfHistograms(histograms: readonly HistogramInterval[]): Measurement {
  const countOf = storableValues(histograms, MAX_VALUES);
  return { Values: [...countOf.keys()], Counts: [...countOf.values()] };
}

function statisticsOfHistograms(histograms: readonly HistogramInterval[]): Measurement {
  return statistics(
    sumOf(histograms.map(({ delta }) => delta.count)),
    zeroIfTiny(sumOf(histograms.map(({ delta }) => delta.sum))),
    bucketMidpoints(histograms).values.map(zeroIfTiny),
  );
}

function statistics(SampleCount: number, Sum: number, values: readonly number[]): Measurement {
  return {
    StatisticValues: { SampleCount, Sum, Minimum: smallest(values), Maximum: largest(values) },
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function isStorable({ Value, Values, StatisticValues }: MetricDatum): boolean {
  const numbers = [Value ?? [], Values ?? [], Object.values(StatisticValues ?? {})].flat();
  return numbers.every(isStorableNumber);
}
