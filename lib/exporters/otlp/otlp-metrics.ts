import { attributesOf, labelOf, type SemanticMetric } from '../../metrics/conventions/semantic-metric.js';
import { familyName, type MetricType } from '../../metrics/naming-rules.js';
import { type Exemplar, liveRows, type MetricFamily } from '../../metrics/snapshot.js';
import { batchesOf } from '../push/batches.js';
import {
  distributionOf,
  type IntervalDistribution,
  type IntervalFamily,
  type MetricsInterval,
} from '../push/metrics-interval.js';
import type { PushRequest } from '../push/push-destination.js';
import { recentExemplars } from '../push/recent-exemplars.js';
import {
  DOUBLE_VALUES,
  type HrTime,
  type OtlpHistogram,
  type OtlpMetric,
  type OtlpMetricHead,
  type OtlpPoint,
  SDK_POINT_TYPE,
  SDK_TEMPORALITY,
} from './otlp-points.js';

/** One data point and the head of its metric: the unit of a request in the queue. */
export interface OtlpPiece {
  readonly head: OtlpMetricHead;
  readonly point: OtlpPoint;
}

/** The settings for encoding an interval. */
export interface OtlpMetricsOptions {
  readonly temporality: 'cumulative' | 'delta';
  readonly histograms: 'explicit' | 'exponential';
}

/**
 * Size limit of one request, in bytes. Collectors accept 4 MiB and more; smaller requests are faster to encode and
 * repeat.
 */
const MAX_BYTES = 1_000_000;
const MAX_POINTS = 5_000;
/** Estimated size of an exemplar, whose labels have 128 characters at most. */
const EXEMPLAR_BYTES = 150;

/** Units (UCUM) by the end of the metric name; the first match wins. */
const UNITS: readonly (readonly [ending: string, unit: string])[] = [
  ['_bytes_per_second', 'By/s'],
  ['_seconds', 's'],
  ['_bytes', 'By'],
  ['_ratio', '1'],
  ['_percent', '%'],
  ['_celsius', 'Cel'],
];

/**
 * Encodes an interval as requests to an OpenTelemetry collector.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/
 */
export function otlpRequests(interval: MetricsInterval, options: OtlpMetricsOptions): PushRequest[] {
  const pieces =
    options.temporality === 'delta'
      ? changes(interval, options)
      : interval.snapshot.families.flatMap((family) => totalsOf(family, interval, options));
  const limits = { items: MAX_POINTS, bytes: MAX_BYTES };
  return batchesOf(pieces, bytesOf, limits).map(({ items, bytes }) => requestOf(items, bytes));
}

/** Returns the request for some data points. */
export function otlpRequest(pieces: readonly OtlpPiece[]): PushRequest {
  return requestOf(
    pieces,
    pieces.reduce((sum, piece) => sum + bytesOf(piece), 0),
  );
}

function requestOf(pieces: readonly OtlpPiece[], bytes: number): PushRequest {
  return { payload: pieces, bytes, points: pieces.length };
}

/** Groups data points by metric. */
export function metricsOf(pieces: readonly OtlpPiece[]): OtlpMetric[] {
  const metrics = new Map<OtlpMetricHead, OtlpMetric>();
  for (const { head, point } of pieces) {
    const metric = metrics.get(head);
    if (metric === undefined) metrics.set(head, { ...head, dataPoints: [point] });
    else metric.dataPoints.push(point);
  }
  return [...metrics.values()];
}

/** Returns the changes of all metrics in the interval. */
function changes(interval: MetricsInterval, options: OtlpMetricsOptions): OtlpPiece[] {
  const current = new Map(interval.snapshot.families.map((family) => [family.name, family]));
  return interval.families.flatMap((family) => {
    const now = current.get(family.name);
    // The temporality preference of the SDK leaves totals that go up and down cumulative.
    if (now?.semantic?.instrument === 'updowncounter') return totalsOf(now, interval, options);
    return changesOf(family, now?.semantic, interval, options);
  });
}

/** Returns the changes of a metric in the interval. */
function changesOf(
  family: IntervalFamily,
  semantic: SemanticMetric | undefined,
  { startedAt, endedAt, defaultLabels }: MetricsInterval,
  { histograms }: OtlpMetricsOptions,
): OtlpPiece[] {
  const head = headOf(family, semantic, 'delta', histograms);
  const attributes = attributesWith(semantic, defaultLabels);
  const pieceFrom = pieceFactory(head, endedAt);
  const pieceOf = (
    labels: Labels,
    createdAt: number,
    value: OtlpPoint['value'],
    exemplars?: readonly Exemplar[],
  ): OtlpPiece => {
    // A series created during the interval starts there.
    const start = Math.max(startedAt, createdAt);
    return pieceFrom(attributes(labels), start, value, exemplars);
  };
  if (family.type === 'counter') {
    return family.series.map(({ labels, createdAt, delta, exemplars }) =>
      pieceOf(labels, createdAt, delta, exemplars),
    );
  }
  if (family.type === 'gauge') {
    return family.series.map(({ labels, value }) => pieceOf(labels, startedAt, value));
  }
  const { upperBounds } = family;
  return family.series.map(({ labels, createdAt, delta, min, exemplars }) =>
    // Without min and max, which are known since the creation of the series only.
    pieceOf(labels, createdAt, histogramOf(delta, upperBounds, histograms, min < 0), exemplars),
  );
}

/** Returns the totals since the creation of each series, changed or not. */
function totalsOf(
  family: MetricFamily,
  { startedAt, endedAt, defaultLabels }: MetricsInterval,
  { histograms }: OtlpMetricsOptions,
): OtlpPiece[] {
  const head = headOf(family, family.semantic, 'cumulative', histograms);
  const attributes = attributesWith(family.semantic, defaultLabels);
  const pieceFrom = pieceFactory(head, endedAt);
  // Series are listed in the order of their rows.
  const rows = liveRows(family);
  const pieceOf = (labels: Labels, createdAt: number, value: OtlpPoint['value']): OtlpPiece => {
    const row = rows.next().value ?? 0;
    const exemplars = recentExemplars(family, row, startedAt);
    return pieceFrom(attributes(labels), createdAt, value, exemplars);
  };
  if (family.type !== 'histogram') {
    return Array.from(family.series, ({ labels, createdAt, value }) => pieceOf(labels, createdAt, value));
  }
  return Array.from(family.series, (series) => {
    const { labels, createdAt, count, min, max } = series;
    const value = histogramOf(distributionOf(series), family.upperBounds, histograms, min < 0);
    const extremes = count > 0 ? { min, max } : {};
    return pieceOf(labels, createdAt, { ...value, ...extremes });
  });
}

type Labels = Readonly<Record<string, string>>;

/** Returns a function that returns the points of a metric; those of one time share it. */
function pieceFactory(
  head: OtlpMetricHead,
  endedAt: number,
): (
  attributes: OtlpPoint['attributes'],
  startedAt: number,
  value: OtlpPoint['value'],
  exemplars: readonly Exemplar[] | undefined,
) => OtlpPiece {
  const endTime = hrTime(endedAt);
  let knownStart = endedAt;
  let startTime = endTime;
  return (attributes, startedAt, value, exemplars) => {
    // Another worker may have created the series after the time of the snapshot.
    const start = Math.min(startedAt, endedAt);
    if (start !== knownStart) startTime = hrTime((knownStart = start));
    const point = { startTime, endTime, attributes, value };
    return { head, point: exemplars === undefined ? point : { ...point, exemplars } };
  };
}

/** Returns a function that returns the attributes of a series, with the names and types of the semantic conventions. */
function attributesWith(
  semantic: SemanticMetric | undefined,
  defaultLabels: Labels,
): (labels: Labels) => OtlpPoint['attributes'] {
  const known = new Map(
    (semantic ? attributesOf(semantic) : []).map((attribute) => [labelOf(attribute.name), attribute]),
  );
  // An empty label value means no label.
  const defaults = Object.entries(defaultLabels).filter(([, text]) => text !== '');
  return (labels) => {
    const attributes: OtlpPoint['attributes'] = {};
    for (const [label, text] of defaults) if (!Object.hasOwn(labels, label)) attributes[label] = text;
    for (const label in labels) {
      const text = labels[label]!;
      if (text === '') continue;
      const attribute = known.size === 0 ? undefined : known.get(label);
      const number = attribute?.isInteger === true ? Number(text) : NaN;
      attributes[attribute?.name ?? label] = Number.isSafeInteger(number) ? number : text;
    }
    return attributes;
  };
}

function headOf(
  { name, help, type }: { readonly name: string; readonly help: string; readonly type: MetricType },
  semantic: SemanticMetric | undefined,
  temporality: keyof typeof SDK_TEMPORALITY,
  histograms: OtlpMetricsOptions['histograms'],
): OtlpMetricHead {
  const stem = familyName(name, type);
  const unit = semantic?.unit ?? UNITS.find(([ending]) => stem.endsWith(ending))?.[1] ?? '';
  const isUpDown = semantic?.instrument === 'updowncounter';
  const isSum = type === 'counter' || isUpDown;
  return {
    descriptor: { name: semantic?.name ?? name, description: help, unit, valueType: DOUBLE_VALUES },
    aggregationTemporality: SDK_TEMPORALITY[temporality],
    dataPointType:
      type === 'histogram' ? SDK_POINT_TYPE[histograms] : isSum ? SDK_POINT_TYPE.sum : SDK_POINT_TYPE.gauge,
    ...(isSum && { isMonotonic: !isUpDown }),
  };
}

/** @param negative true if there are values below zero, whose sum is not monotonic and therefore omitted */
function histogramOf(
  { count, sum, bucketCounts, exponential }: IntervalDistribution,
  upperBounds: readonly number[],
  histograms: OtlpMetricsOptions['histograms'],
  negative: boolean,
): OtlpHistogram {
  const totals = { count, ...(!negative && { sum }) };
  if (histograms === 'explicit') {
    return { ...totals, buckets: { boundaries: [...upperBounds], counts: [...bucketCounts] } };
  }
  const { scale, zeroCount, positive, negative: below } = exponential;
  return {
    ...totals,
    scale,
    zeroCount,
    positive: { offset: positive.offset, bucketCounts: [...positive.counts] },
    negative: { offset: below.offset, bucketCounts: [...below.counts] },
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}

/** Estimates the size of a point in protobuf, with eight bytes per number. */
function bytesOf({ point: { attributes, value, exemplars } }: OtlpPiece): number {
  let bytes = 50 + (exemplars?.length ?? 0) * EXEMPLAR_BYTES;
  for (const name in attributes) {
    const given = attributes[name]!;
    bytes += 10 + name.length + (typeof given === 'string' ? 2 * given.length : 8);
  }
  if (typeof value === 'number') return bytes;
  const { buckets, positive, negative } = value;
  if (buckets) return bytes + 40 + 16 * buckets.counts.length;
  return bytes + 60 + 4 * ((positive?.bucketCounts.length ?? 0) + (negative?.bucketCounts.length ?? 0));
}
