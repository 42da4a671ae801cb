import type { Exemplar } from '../../metrics/snapshot.js';
import { otlpExemplarOf } from './otlp-exemplar.js';
import { OTLP_TEMPORALITY, type OtlpHistogram, type OtlpMetric, type OtlpPoint } from './otlp-points.js';
import type { OtlpResourceMetrics } from './otlp.sender.js';

/**
 * Returns an `ExportMetricsServiceRequest` in the JSON form of OTLP: 64-bit integers are strings, enumerations numbers,
 * ids hexadecimal, and numbers that JSON does not have strings.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function otlpJson({ resource, scopeMetrics }: OtlpResourceMetrics): string {
  return JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: attributesOf(resource.attributes) },
        scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
          scope: { name: wellFormed(scope.name) },
          metrics: metrics.map(metricOf),
        })),
      },
    ],
  });
}

/** The name of the data of a metric and the function for one of its points, by the number of its type in the SDK. */
const KINDS: readonly Kind[] = [
  { name: 'histogram', pointOf: histogramPoint },
  { name: 'exponentialHistogram', pointOf: exponentialPoint },
  { name: 'gauge', pointOf: numberPoint },
  { name: 'sum', pointOf: numberPoint },
];

interface Kind {
  readonly name: 'histogram' | 'exponentialHistogram' | 'gauge' | 'sum';
  pointOf(this: void, point: OtlpPoint): object;
}

function metricOf({
  descriptor,
  dataPointType,
  aggregationTemporality,
  isMonotonic,
  dataPoints,
}: OtlpMetric) {
  const { name, pointOf } = KINDS[dataPointType]!;
  return {
    name: wellFormed(descriptor.name),
    ...(descriptor.description !== '' && { description: wellFormed(descriptor.description) }),
    ...(descriptor.unit !== '' && { unit: wellFormed(descriptor.unit) }),
    [name]: {
      dataPoints: dataPoints.map(pointOf),
      ...(name !== 'gauge' && { aggregationTemporality: OTLP_TEMPORALITY[aggregationTemporality] }),
      ...(isMonotonic === true && { isMonotonic }),
    },
  };
}

function numberPoint(point: OtlpPoint) {
  return { ...headOf(point), asDouble: double(point.value as number) };
}

function histogramPoint(point: OtlpPoint) {
  const value = point.value as OtlpHistogram;
  return {
    ...headOf(point),
    ...totalsOf(value),
    bucketCounts: value.buckets?.counts.map(String) ?? [],
    explicitBounds: value.buckets?.boundaries.map(double) ?? [],
  };
}

function exponentialPoint(point: OtlpPoint) {
  const value = point.value as OtlpHistogram;
  return {
    ...headOf(point),
    ...totalsOf(value),
    scale: value.scale ?? 0,
    zeroCount: String(value.zeroCount ?? 0),
    positive: bucketsOf(value.positive),
    negative: bucketsOf(value.negative),
  };
}

function headOf({ startTime, endTime, attributes, exemplars }: OtlpPoint) {
  return {
    attributes: attributesOf(attributes),
    startTimeUnixNano: nanoseconds(startTime[0], startTime[1]),
    timeUnixNano: nanoseconds(endTime[0], endTime[1]),
    ...(exemplars && { exemplars: exemplars.map(exemplarOf) }),
  };
}

function totalsOf({ count, sum, min, max }: OtlpHistogram) {
  return {
    count: String(count),
    ...(sum !== undefined && { sum: double(sum) }),
    ...(min !== undefined && { min: double(min) }),
    ...(max !== undefined && { max: double(max) }),
  };
}

function bucketsOf({ offset, bucketCounts }: NonNullable<OtlpHistogram['positive']> = NO_BUCKETS) {
  return { offset, bucketCounts: bucketCounts.map(String) };
}

const NO_BUCKETS = { offset: 0, bucketCounts: [] };

function exemplarOf(exemplar: Exemplar) {
  const { traceId, spanId, attributes } = otlpExemplarOf(exemplar);
  const seconds = Math.floor(exemplar.timestamp / 1_000);
  return {
    filteredAttributes: attributesOf(attributes),
    timeUnixNano: nanoseconds(seconds, Math.round((exemplar.timestamp - seconds * 1_000) * 1e6)),
    asDouble: double(exemplar.value),
    ...(spanId !== undefined && { spanId }),
    ...(traceId !== undefined && { traceId }),
  };
}

function attributesOf(attributes: OtlpPoint['attributes']) {
  return Object.entries(attributes).map(([key, value]) => ({ key: wellFormed(key), value: anyValue(value) }));
}

function anyValue(value: string | number) {
  if (typeof value === 'string') return { stringValue: wellFormed(value) };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: double(value) };
}

/** Returns a number, or its name in a string for one that JSON does not have. */
function double(value: number): number | 'NaN' | 'Infinity' | '-Infinity' {
  return Number.isFinite(value) ? value : (String(value) as 'NaN');
}

/** Replaces lone surrogates, which are no valid UTF-8. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** Returns a time in nanoseconds, which no number holds exactly. */
function nanoseconds(seconds: number, rest: number): string {
  // A rounded rest may be a whole second.
  if (rest >= 1e9) return `${seconds + 1}000000000`;
  return seconds === 0 ? String(rest) : `${seconds}${String(rest).padStart(9, '0')}`;
}
