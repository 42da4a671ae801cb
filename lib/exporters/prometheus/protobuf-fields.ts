import { CREATED_UNKNOWN, type Exemplar } from '../../metrics/snapshot.js';
import type { ProtobufWriter } from '../protobuf/protobuf-writer.js';

/**
 * Numbers of the fields of the messages of `io.prometheus.client`.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */
export const FAMILY = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
export const METRIC = { label: 1, gauge: 2, counter: 3, summary: 4, untyped: 5, histogram: 7 } as const;
/** A gauge and an untyped metric have the value alone. */
export const SCALAR = { value: 1, exemplar: 2, createdTimestamp: 3 } as const;
export const SUMMARY = { sampleCount: 1, sampleSum: 2, quantile: 3 } as const;
export const QUANTILE = { quantile: 1, value: 2 } as const;
export const HISTOGRAM = {
  sampleCount: 1,
  sampleSum: 2,
  bucket: 3,
  sampleCountFloat: 4,
  schema: 5,
  zeroThreshold: 6,
  zeroCount: 7,
  negativeSpan: 9,
  negativeDelta: 10,
  positiveSpan: 12,
  positiveDelta: 13,
  createdTimestamp: 15,
  exemplar: 16,
} as const;
export const BUCKET = { cumulativeCount: 1, upperBound: 2, exemplar: 3, cumulativeCountFloat: 4 } as const;
export const SPAN = { offset: 1, length: 2 } as const;
const EXEMPLAR = { label: 1, value: 2, timestamp: 3 } as const;
const LABEL_PAIR = { name: 1, value: 2 } as const;
const TIMESTAMP = { seconds: 1, nanos: 2 } as const;

/** The values of `MetricType`. */
export const METRIC_TYPES = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4 } as const;

/** Writes a label pair into a field that is a list of them; a metric and an exemplar both have it as field 1. */
export function writeLabel(writer: ProtobufWriter, name: string, value: string): void {
  const start = writer.open(METRIC.label);
  writer.string(LABEL_PAIR.name, name);
  writer.string(LABEL_PAIR.value, value);
  writer.close(start);
}

/** Writes an exemplar into a field. */
export function writeExemplar(writer: ProtobufWriter, field: number, exemplar: Exemplar): void {
  const start = writer.open(field);
  const { labels } = exemplar;
  for (const name in labels) writeLabel(writer, name, labels[name] ?? '');
  writer.double(EXEMPLAR.value, exemplar.value);
  writeTimestamp(writer, EXEMPLAR.timestamp, exemplar.timestamp);
  writer.close(start);
}

/** Writes a creation time into a field, if it is known. @param createdAt milliseconds since the Unix epoch */
export function writeCreated(writer: ProtobufWriter, field: number, createdAt: number): void {
  if (createdAt !== CREATED_UNKNOWN) writeTimestamp(writer, field, createdAt);
}

/** Writes a time in milliseconds since the Unix epoch as seconds and nanoseconds. */
function writeTimestamp(writer: ProtobufWriter, field: number, milliseconds: number): void {
  const start = writer.open(field);
  // Rounded to microseconds: a number of today's milliseconds has no more digits.
  const micros = Math.round(milliseconds * 1_000);
  const seconds = Math.floor(micros / 1e6);
  writer.int(TIMESTAMP.seconds, seconds);
  writer.int(TIMESTAMP.nanos, (micros - seconds * 1e6) * 1_000);
  writer.close(start);
}
