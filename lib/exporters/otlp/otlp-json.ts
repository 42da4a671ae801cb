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
  // The text is put together directly, which takes half the time of objects for JSON.stringify().
  const scopes = scopeMetrics.map(
    ({ scope, metrics }) =>
      `{"scope":{"name":${string(scope.name)}},"metrics":[${metrics.map(metricOf).join(',')}]}`,
  );
  const content = `"resource":{${attributesOf(resource.attributes)}},"scopeMetrics":[${scopes.join(',')}]`;
  return `{"resourceMetrics":[{${content}}]}`;
}

/** The name of the data of a metric and the function for one of its points, by the number of its type in the SDK. */
const KINDS = [
  { name: 'histogram', pointOf: histogramPoint },
  { name: 'exponentialHistogram', pointOf: exponentialPoint },
  { name: 'gauge', pointOf: numberPoint },
  { name: 'sum', pointOf: numberPoint },
] as const;

function metricOf(metric: OtlpMetric): string {
  const { descriptor, dataPointType, aggregationTemporality, isMonotonic, dataPoints } = metric;
  const { name, pointOf } = KINDS[dataPointType];
  let text = `{"name":${string(descriptor.name)}`;
  if (descriptor.description !== '') text += `,"description":${string(descriptor.description)}`;
  if (descriptor.unit !== '') text += `,"unit":${string(descriptor.unit)}`;
  text += `,"${name}":{"dataPoints":[`;
  let separator = '';
  for (const point of dataPoints) {
    text += `${separator}{${headOf(point)},${pointOf(point)}}`;
    separator = ',';
  }
  text += ']';
  if (name !== 'gauge') text += `,"aggregationTemporality":${OTLP_TEMPORALITY[aggregationTemporality]}`;
  if (isMonotonic === true) text += ',"isMonotonic":true';
  return `${text}}}`;
}

function headOf({ startTime, endTime, attributes, exemplars }: OtlpPoint): string {
  const start = nanoseconds(startTime[0], startTime[1]);
  const end = nanoseconds(endTime[0], endTime[1]);
  const text = `${attributesOf(attributes)},"startTimeUnixNano":"${start}","timeUnixNano":"${end}"`;
  return exemplars === undefined ? text : `${text},"exemplars":[${exemplars.map(exemplarOf).join(',')}]`;
}

function numberPoint({ value }: OtlpPoint): string {
  return `"asDouble":${double(value as number)}`;
}

function histogramPoint(point: OtlpPoint): string {
  const value = point.value as OtlpHistogram;
  const { counts, boundaries } = value.buckets ?? { counts: [], boundaries: [] };
  return `${totalsOf(value)},"bucketCounts":${integers(counts)},"explicitBounds":[${boundaries.map(double).join(',')}]`;
}

function exponentialPoint(point: OtlpPoint): string {
  const value = point.value as OtlpHistogram;
  const { scale = 0, zeroCount = 0, positive, negative } = value;
  const buckets = `"positive":${bucketsOf(positive)},"negative":${bucketsOf(negative)}`;
  return `${totalsOf(value)},"scale":${scale},"zeroCount":"${zeroCount}",${buckets}`;
}

function totalsOf({ count, sum, min, max }: OtlpHistogram): string {
  let text = `"count":"${count}"`;
  if (sum !== undefined) text += `,"sum":${double(sum)}`;
  if (min !== undefined) text += `,"min":${double(min)}`;
  if (max !== undefined) text += `,"max":${double(max)}`;
  return text;
}

function bucketsOf(buckets: OtlpHistogram['positive']): string {
  if (buckets === undefined) return '{}';
  return `{"offset":${buckets.offset},"bucketCounts":${integers(buckets.bucketCounts)}}`;
}

function exemplarOf(exemplar: Exemplar): string {
  const { traceId, spanId, attributes } = otlpExemplarOf(exemplar);
  const seconds = Math.floor(exemplar.timestamp / 1_000);
  const time = nanoseconds(seconds, Math.round((exemplar.timestamp - seconds * 1_000) * 1e6));
  let text = `{"timeUnixNano":"${time}","asDouble":${double(exemplar.value)}`;
  if (spanId !== undefined) text += `,"spanId":"${spanId}"`;
  if (traceId !== undefined) text += `,"traceId":"${traceId}"`;
  return `${text},${attributesOf(attributes, 'filteredAttributes')}}`;
}

function attributesOf(attributes: OtlpPoint['attributes'], field = 'attributes'): string {
  let text = `"${field}":[`;
  let separator = '';
  for (const key in attributes) {
    text += `${separator}{"key":${string(key)},"value":${anyValue(attributes[key]!)}}`;
    separator = ',';
  }
  return `${text}]`;
}

function anyValue(value: string | number): string {
  if (typeof value === 'string') return `{"stringValue":${string(value)}}`;
  return Number.isSafeInteger(value) ? `{"intValue":"${value}"}` : `{"doubleValue":${double(value)}}`;
}

/** Returns a number, or its name as a string for one that JSON does not have. */
function double(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** Returns 64-bit integers, which are strings. */
function integers(values: readonly number[]): string {
  return values.length === 0 ? '[]' : `["${values.join('","')}"]`;
}

/** Matches a text that JSON has as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Returns a string without lone surrogates, which are no valid UTF-8. */
function string(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed());
}

/** Returns a time in nanoseconds, which no number holds exactly. */
function nanoseconds(seconds: number, rest: number): string {
  // A rounded rest may be a whole second.
  if (rest >= 1e9) return `${seconds + 1}000000000`;
  return seconds === 0 ? String(rest) : `${seconds}${String(rest).padStart(9, '0')}`;
}
