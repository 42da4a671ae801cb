import type { Exemplar } from '../../metrics/snapshot.js';
import { JsonWriter } from './json-writer.js';
import { otlpExemplarOf } from './otlp-exemplar.js';
import {
  type HrTime,
  OTLP_TEMPORALITY,
  type OtlpHistogram,
  type OtlpMetric,
  type OtlpPoint,
} from './otlp-points.js';
import type { OtlpResourceMetrics } from './otlp.sender.js';

/** The kind of the data of a metric and the method for one of its points, by the number of its type in the SDK. */
const KINDS = [
  { name: 'histogram', write: 'histogram' },
  { name: 'exponentialHistogram', write: 'exponential' },
  { name: 'gauge', write: 'number' },
  { name: 'sum', write: 'number' },
] as const;

/**
 * An encoder of requests in the JSON form of OTLP, with a buffer that it uses again: 64-bit integers are strings,
 * enumerations numbers, ids hexadecimal, and numbers that JSON does not have strings.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export class OtlpJsonEncoder {
  private readonly writer = new JsonWriter(64 * 1024);
  /** The times that were written last: most points have the same. */
  private start: HrTime | undefined;
  private end: HrTime | undefined;
  private times = '';

  /** Returns an `ExportMetricsServiceRequest`. */
  encode({ resource, scopeMetrics }: OtlpResourceMetrics): Uint8Array {
    const { writer } = this;
    // The rest of a request whose encoding failed.
    writer.clear();
    writer.raw('{"resourceMetrics":[{"resource":{"attributes":');
    this.attributes(resource.attributes);
    writer.raw('},"scopeMetrics":[');
    for (const [i, { scope, metrics }] of scopeMetrics.entries()) {
      writer.raw(i === 0 ? '{"scope":{"name":' : ',{"scope":{"name":');
      writer.string(scope.name);
      writer.raw('},"metrics":[');
      for (const [j, metric] of metrics.entries()) {
        if (j > 0) writer.raw(',');
        this.metric(metric);
      }
      writer.raw(']}');
    }
    writer.raw(']}]}');
    return writer.take();
  }

  private metric(metric: OtlpMetric): void {
    const { writer } = this;
    const { descriptor, dataPointType, aggregationTemporality, isMonotonic, dataPoints } = metric;
    const { name, write } = KINDS[dataPointType];
    writer.raw('{"name":');
    writer.string(descriptor.name);
    if (descriptor.description !== '') {
      writer.raw(',"description":');
      writer.string(descriptor.description);
    }
    if (descriptor.unit !== '') {
      writer.raw(',"unit":');
      writer.string(descriptor.unit);
    }
    writer.raw(`,"${name}":{"dataPoints":[`);
    let separator = '{"attributes":';
    for (const point of dataPoints) {
      writer.raw(separator);
      separator = ',{"attributes":';
      this.attributes(point.attributes);
      writer.raw(this.timesOf(point));
      if (point.exemplars !== undefined) this.exemplars(point.exemplars);
      this[write](point);
      writer.raw('}');
    }
    writer.raw(']');
    if (name !== 'gauge') {
      writer.raw(`,"aggregationTemporality":${OTLP_TEMPORALITY[aggregationTemporality]}`);
    }
    writer.raw(isMonotonic === true ? ',"isMonotonic":true}}' : '}}');
  }

  private timesOf({ startTime, endTime }: OtlpPoint): string {
    if (startTime !== this.start || endTime !== this.end) {
      this.start = startTime;
      this.end = endTime;
      this.times = `,"startTimeUnixNano":"${nanoseconds(...startTime)}","timeUnixNano":"${nanoseconds(...endTime)}"`;
    }
    return this.times;
  }

  private number({ value }: OtlpPoint): void {
    this.writer.raw(',"asDouble":');
    this.writer.raw(double(value as number));
  }

  private histogram(point: OtlpPoint): void {
    const value = point.value as OtlpHistogram;
    const { counts, boundaries } = value.buckets ?? { counts: [], boundaries: [] };
    this.totals(value);
    this.writer.raw(',"bucketCounts":');
    this.integers(counts);
    this.writer.raw(`,"explicitBounds":[${boundaries.map(double).join(',')}]`);
  }

  private exponential(point: OtlpPoint): void {
    const value = point.value as OtlpHistogram;
    const { scale = 0, zeroCount = 0, positive, negative } = value;
    this.totals(value);
    this.writer.raw(`,"scale":${scale},"zeroCount":"${zeroCount}","positive":`);
    this.buckets(positive);
    this.writer.raw(',"negative":');
    this.buckets(negative);
  }

  private totals({ count, sum, min, max }: OtlpHistogram): void {
    const { writer } = this;
    writer.raw(`,"count":"${count}"`);
    if (sum !== undefined) writer.raw(`,"sum":${double(sum)}`);
    if (min !== undefined) writer.raw(`,"min":${double(min)}`);
    if (max !== undefined) writer.raw(`,"max":${double(max)}`);
  }

  private buckets(buckets: OtlpHistogram['positive']): void {
    const { writer } = this;
    if (buckets === undefined) {
      writer.raw('{}');
      return;
    }
    writer.raw(`{"offset":${buckets.offset},"bucketCounts":`);
    this.integers(buckets.bucketCounts);
    writer.raw('}');
  }

  /** Writes 64-bit integers, which are strings. */
  private integers(values: readonly number[]): void {
    const { writer } = this;
    let separator = '["';
    for (const value of values) {
      writer.raw(separator);
      writer.raw(String(value));
      separator = '","';
    }
    writer.raw(values.length === 0 ? '[]' : '"]');
  }

  private exemplars(exemplars: readonly Exemplar[]): void {
    const { writer } = this;
    writer.raw(',"exemplars":');
    let separator = '[';
    for (const exemplar of exemplars) {
      const { traceId, spanId, attributes } = otlpExemplarOf(exemplar);
      const seconds = Math.floor(exemplar.timestamp / 1_000);
      const time = nanoseconds(seconds, Math.round((exemplar.timestamp - seconds * 1_000) * 1e6));
      writer.raw(`${separator}{"timeUnixNano":"${time}","asDouble":${double(exemplar.value)}`);
      if (spanId !== undefined) writer.raw(`,"spanId":"${spanId}"`);
      if (traceId !== undefined) writer.raw(`,"traceId":"${traceId}"`);
      writer.raw(',"filteredAttributes":');
      this.attributes(attributes);
      writer.raw('}');
      separator = ',';
    }
    writer.raw(exemplars.length === 0 ? '[]' : ']');
  }

  private attributes(attributes: OtlpPoint['attributes']): void {
    const { writer } = this;
    let separator = '[{"key":';
    for (const key in attributes) {
      const value = attributes[key]!;
      writer.raw(separator);
      writer.string(key);
      separator = ',{"key":';
      if (typeof value === 'string') {
        writer.raw(',"value":{"stringValue":');
        writer.string(value);
        writer.raw('}}');
      } else if (Number.isSafeInteger(value)) writer.raw(`,"value":{"intValue":"${value}"}}`);
      else writer.raw(`,"value":{"doubleValue":${double(value)}}}`);
    }
    writer.raw(separator.startsWith('[') ? '[]' : ']');
  }
}

/** Returns a number, or its name as a string for one that JSON does not have. */
function double(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** Returns a time in nanoseconds, which no number holds exactly. */
function nanoseconds(seconds: number, rest: number): string {
  // A rounded rest may be a whole second.
  if (rest >= 1e9) return `${seconds + 1}000000000`;
  return seconds === 0 ? String(rest) : `${seconds}${String(rest).padStart(9, '0')}`;
}
