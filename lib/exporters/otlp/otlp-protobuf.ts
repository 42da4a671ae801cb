import type { Exemplar } from '../../metrics/snapshot.js';
import { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { otlpExemplarOf } from './otlp-exemplar.js';
import { OTLP_TEMPORALITY, type OtlpHistogram, type OtlpMetric, type OtlpPoint } from './otlp-points.js';
import type { OtlpResourceMetrics } from './otlp.sender.js';

/**
 * Numbers of the fields of the messages of OTLP.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 */
const REQUEST = { resourceMetrics: 1 } as const;
const RESOURCE_METRICS = { resource: 1, scopeMetrics: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_METRICS = { scope: 1, metrics: 2 } as const;
const SCOPE = { name: 1 } as const;
const METRIC = {
  name: 1,
  description: 2,
  unit: 3,
  gauge: 5,
  sum: 7,
  histogram: 9,
  exponentialHistogram: 10,
} as const;
const DATA = { dataPoints: 1, aggregationTemporality: 2, isMonotonic: 3 } as const;
const NUMBER_POINT = { attributes: 7, startTime: 2, time: 3, asDouble: 4, exemplars: 5 } as const;
const HISTOGRAM_POINT = {
  attributes: 9,
  startTime: 2,
  time: 3,
  count: 4,
  sum: 5,
  bucketCounts: 6,
  explicitBounds: 7,
  exemplars: 8,
  min: 11,
  max: 12,
} as const;
const EXPONENTIAL_POINT = {
  attributes: 1,
  startTime: 2,
  time: 3,
  count: 4,
  sum: 5,
  scale: 6,
  zeroCount: 7,
  positive: 8,
  negative: 9,
  exemplars: 11,
  min: 12,
  max: 13,
} as const;
const BUCKETS = { offset: 1, bucketCounts: 2 } as const;
const EXEMPLAR = { time: 2, asDouble: 3, spanId: 4, traceId: 5, filteredAttributes: 7 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1, int: 3, double: 4 } as const;

/** Size of the length of a message that is hardly ever shorter than 128 bytes. */
const LONG = 2;

/** An encoder of requests in protobuf, with a buffer that it uses again. */
export class OtlpProtobufEncoder {
  private readonly writer = new ProtobufWriter(64 * 1024);

  /** Returns an `ExportMetricsServiceRequest`. */
  encode({ resource, scopeMetrics }: OtlpResourceMetrics): Uint8Array {
    const { writer } = this;
    // The rest of a request whose encoding failed.
    writer.clear();
    const start = writer.open(REQUEST.resourceMetrics, LONG);
    const resourceStart = writer.open(RESOURCE_METRICS.resource, LONG);
    writeAttributes(writer, RESOURCE.attributes, resource.attributes);
    writer.close(resourceStart, LONG);
    for (const { scope, metrics } of scopeMetrics) {
      const scopeStart = writer.open(RESOURCE_METRICS.scopeMetrics, LONG);
      const nameStart = writer.open(SCOPE_METRICS.scope);
      writer.string(SCOPE.name, scope.name);
      writer.close(nameStart);
      for (const metric of metrics) writeMetric(writer, metric);
      writer.close(scopeStart, LONG);
    }
    writer.close(start, LONG);
    return writer.take();
  }
}

function writeMetric(writer: ProtobufWriter, metric: OtlpMetric): void {
  const { descriptor, dataPointType, dataPoints } = metric;
  const start = writer.open(SCOPE_METRICS.metrics, LONG);
  writer.string(METRIC.name, descriptor.name);
  if (descriptor.description !== '') writer.string(METRIC.description, descriptor.description);
  if (descriptor.unit !== '') writer.string(METRIC.unit, descriptor.unit);
  const kind = KINDS[dataPointType];
  const dataStart = writer.open(kind.field, LONG);
  for (const point of dataPoints) {
    const pointStart = writer.open(DATA.dataPoints, LONG);
    kind.write(writer, point);
    writer.close(pointStart, LONG);
  }
  if (kind.field !== METRIC.gauge) {
    writer.uint(DATA.aggregationTemporality, OTLP_TEMPORALITY[metric.aggregationTemporality]);
  }
  if (metric.isMonotonic === true) writer.bool(DATA.isMonotonic, true);
  writer.close(dataStart, LONG);
  writer.close(start, LONG);
}

/** The field of the data of a metric and the function for one of its points, by the number of its type in the SDK. */
const KINDS = [
  { field: METRIC.histogram, write: writeHistogram },
  { field: METRIC.exponentialHistogram, write: writeExponential },
  { field: METRIC.gauge, write: writeNumber },
  { field: METRIC.sum, write: writeNumber },
] as const;

function writeNumber(writer: ProtobufWriter, point: OtlpPoint): void {
  writeTime(writer, NUMBER_POINT.startTime, point.startTime);
  writeTime(writer, NUMBER_POINT.time, point.endTime);
  writer.double(NUMBER_POINT.asDouble, point.value as number);
  if (point.exemplars !== undefined) writeExemplars(writer, NUMBER_POINT.exemplars, point.exemplars);
  writeAttributes(writer, NUMBER_POINT.attributes, point.attributes);
}

function writeHistogram(writer: ProtobufWriter, point: OtlpPoint): void {
  const value = point.value as OtlpHistogram;
  writeTime(writer, HISTOGRAM_POINT.startTime, point.startTime);
  writeTime(writer, HISTOGRAM_POINT.time, point.endTime);
  writer.fixed64(HISTOGRAM_POINT.count, value.count);
  if (value.sum !== undefined) writer.double(HISTOGRAM_POINT.sum, value.sum);
  if (value.buckets !== undefined) {
    writer.packedFixed64(HISTOGRAM_POINT.bucketCounts, value.buckets.counts);
    writer.packedDoubles(HISTOGRAM_POINT.explicitBounds, value.buckets.boundaries);
  }
  if (point.exemplars !== undefined) writeExemplars(writer, HISTOGRAM_POINT.exemplars, point.exemplars);
  writeAttributes(writer, HISTOGRAM_POINT.attributes, point.attributes);
  if (value.min !== undefined) writer.double(HISTOGRAM_POINT.min, value.min);
  if (value.max !== undefined) writer.double(HISTOGRAM_POINT.max, value.max);
}

function writeExponential(writer: ProtobufWriter, point: OtlpPoint): void {
  const value = point.value as OtlpHistogram;
  writeAttributes(writer, EXPONENTIAL_POINT.attributes, point.attributes);
  writeTime(writer, EXPONENTIAL_POINT.startTime, point.startTime);
  writeTime(writer, EXPONENTIAL_POINT.time, point.endTime);
  writer.fixed64(EXPONENTIAL_POINT.count, value.count);
  if (value.sum !== undefined) writer.double(EXPONENTIAL_POINT.sum, value.sum);
  writer.sint(EXPONENTIAL_POINT.scale, value.scale ?? 0);
  writer.fixed64(EXPONENTIAL_POINT.zeroCount, value.zeroCount ?? 0);
  writeBuckets(writer, EXPONENTIAL_POINT.positive, value.positive);
  writeBuckets(writer, EXPONENTIAL_POINT.negative, value.negative);
  if (point.exemplars !== undefined) writeExemplars(writer, EXPONENTIAL_POINT.exemplars, point.exemplars);
  if (value.min !== undefined) writer.double(EXPONENTIAL_POINT.min, value.min);
  if (value.max !== undefined) writer.double(EXPONENTIAL_POINT.max, value.max);
}

function writeBuckets(writer: ProtobufWriter, field: number, buckets: OtlpHistogram['positive']): void {
  const start = writer.open(field);
  if (buckets !== undefined) {
    writer.sint(BUCKETS.offset, buckets.offset);
    writer.packedUints(BUCKETS.bucketCounts, buckets.bucketCounts);
  }
  writer.close(start);
}

function writeExemplars(writer: ProtobufWriter, field: number, exemplars: readonly Exemplar[]): void {
  for (const exemplar of exemplars) {
    const { traceId, spanId, attributes } = otlpExemplarOf(exemplar);
    const start = writer.open(field);
    writeMilliseconds(writer, EXEMPLAR.time, exemplar.timestamp);
    writer.double(EXEMPLAR.asDouble, exemplar.value);
    if (spanId !== undefined) writer.binary(EXEMPLAR.spanId, Buffer.from(spanId, 'hex'));
    if (traceId !== undefined) writer.binary(EXEMPLAR.traceId, Buffer.from(traceId, 'hex'));
    writeAttributes(writer, EXEMPLAR.filteredAttributes, attributes);
    writer.close(start);
  }
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: OtlpPoint['attributes']): void {
  for (const key in attributes) {
    const value = attributes[key]!;
    const start = writer.open(field);
    writer.string(KEY_VALUE.key, key);
    const valueStart = writer.open(KEY_VALUE.value);
    if (typeof value === 'string') writer.string(ANY_VALUE.string, value);
    else if (Number.isSafeInteger(value)) writer.int(ANY_VALUE.int, value);
    else writer.double(ANY_VALUE.double, value);
    writer.close(valueStart);
    writer.close(start);
  }
}

function writeMilliseconds(writer: ProtobufWriter, field: number, milliseconds: number): void {
  const seconds = Math.floor(milliseconds / 1_000);
  writeNanoseconds(writer, field, seconds, Math.round((milliseconds - seconds * 1_000) * 1e6));
}

function writeTime(
  writer: ProtobufWriter,
  field: number,
  [seconds, nanoseconds]: OtlpPoint['endTime'],
): void {
  writeNanoseconds(writer, field, seconds, nanoseconds);
}

/** Writes a time in nanoseconds, which no number holds exactly, by products that are below 2 ** 53. */
function writeNanoseconds(writer: ProtobufWriter, field: number, seconds: number, nanoseconds: number): void {
  const upper = Math.floor(seconds / 2 ** 16) * 1e9;
  const lower = (seconds % 2 ** 16) * 1e9 + nanoseconds;
  const low = (upper % 2 ** 16) * 2 ** 16 + (lower % 2 ** 32);
  const carry = Math.floor(lower / 2 ** 32) + Math.floor(low / 2 ** 32);
  writer.fixed64Halves(field, Math.floor(upper / 2 ** 16) + carry, low % 2 ** 32);
}
