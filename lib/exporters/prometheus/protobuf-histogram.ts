import type { ExponentialHistogramSnapshot } from '../../metrics/exponential-histogram.js';
import { CREATED, type Exemplar, FIRST_BUCKET, type HistogramFamily, SUM } from '../../metrics/snapshot.js';
import type { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { type NativeBuckets, nativeHistogramOf } from './native-histogram.js';
import type { NativeHistogramSettings } from './native-histograms.options.js';
import { BUCKET, HISTOGRAM, METRIC, SPAN, writeCreated, writeExemplar } from './protobuf-fields.js';

/** Returns a function that writes the value of one series of a histogram; `at` is the index of its first number. */
export function histogramWriter(
  family: HistogramFamily,
  native: NativeHistogramSettings | undefined,
  created: boolean,
): (writer: ProtobufWriter, row: number, at: number) => void {
  const { numbers, upperBounds, exemplars } = family;
  const bounds = [...upperBounds, Infinity];
  return (writer, row, at) => {
    const count = sumOf(numbers, at + FIRST_BUCKET, bounds.length);
    const exponential = native && completeHistogram(family.exponentials?.[row], count);
    const start = writer.open(METRIC.histogram);
    writer.uint(HISTOGRAM.sampleCount, count);
    writer.double(HISTOGRAM.sampleSum, numbers[at + SUM] ?? NaN);
    if (exponential === undefined || native?.classic === true) {
      writeBuckets(writer, numbers, at + FIRST_BUCKET, bounds, exemplars);
    }
    if (exponential !== undefined) writeNative(writer, exponential, native?.buckets ?? 0);
    if (created) writeCreated(writer, HISTOGRAM.createdTimestamp, numbers[at + CREATED] ?? NaN);
    if (exponential !== undefined && exemplars !== undefined) {
      writeExemplars(writer, exemplars, at + FIRST_BUCKET, bounds.length);
    }
    writer.close(start);
  };
}

/**
 * Returns an exponential histogram that has every value of its series. One that lacks those of a worker which ended
 * before the first scrape of this kind is no use: Prometheus refuses a histogram whose count is not that of its buckets.
 */
export function completeHistogram(
  exponential: ExponentialHistogramSnapshot | undefined,
  count: number,
): ExponentialHistogramSnapshot | undefined {
  if (exponential === undefined) return undefined;
  const { zeroCount, positive, negative } = exponential;
  const total =
    zeroCount +
    sumOf(positive.counts, 0, positive.counts.length) +
    sumOf(negative.counts, 0, negative.counts.length);
  return total === count ? exponential : undefined;
}

function sumOf(numbers: ArrayLike<number>, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += numbers[i]!;
  return sum;
}

/** Writes the classic buckets, with their exemplars. */
function writeBuckets(
  writer: ProtobufWriter,
  numbers: Float64Array,
  first: number,
  bounds: readonly number[],
  exemplars: HistogramFamily['exemplars'],
): void {
  let cumulative = 0;
  for (let i = 0; i < bounds.length; i++) {
    cumulative += numbers[first + i]!;
    const start = writer.open(HISTOGRAM.bucket);
    writer.uint(BUCKET.cumulativeCount, cumulative);
    writer.double(BUCKET.upperBound, bounds[i]!);
    const exemplar = exemplars?.get(first + i);
    if (exemplar !== undefined) writeExemplar(writer, BUCKET.exemplar, exemplar);
    writer.close(start);
  }
}

function writeNative(writer: ProtobufWriter, exponential: ExponentialHistogramSnapshot, limit: number): void {
  const { schema, zeroThreshold, zeroCount, positive, negative } = nativeHistogramOf(exponential, limit);
  writer.sint(HISTOGRAM.schema, schema);
  writer.double(HISTOGRAM.zeroThreshold, zeroThreshold);
  writer.uint(HISTOGRAM.zeroCount, zeroCount);
  writeSpans(writer, HISTOGRAM.negativeSpan, negative);
  writer.packedSints(HISTOGRAM.negativeDelta, negative.deltas);
  // A span of no buckets says that a histogram is a native one which is still empty.
  if (positive.spans.length + negative.spans.length === 0) writeSpan(writer, HISTOGRAM.positiveSpan, 0, 0);
  writeSpans(writer, HISTOGRAM.positiveSpan, positive);
  writer.packedSints(HISTOGRAM.positiveDelta, positive.deltas);
}

function writeSpans(writer: ProtobufWriter, field: number, { spans }: NativeBuckets): void {
  for (const { offset, length } of spans) writeSpan(writer, field, offset, length);
}

function writeSpan(writer: ProtobufWriter, field: number, offset: number, length: number): void {
  const start = writer.open(field);
  writer.sint(SPAN.offset, offset);
  writer.uint(SPAN.length, length);
  writer.close(start);
}

/** Writes the exemplars of all buckets in the order of their times, which Prometheus wants within a series. */
function writeExemplars(
  writer: ProtobufWriter,
  exemplars: ReadonlyMap<number, Exemplar>,
  first: number,
  length: number,
): void {
  const own: Exemplar[] = [];
  for (let i = first; i < first + length; i++) {
    const exemplar = exemplars.get(i);
    if (exemplar !== undefined) own.push(exemplar);
  }
  own.sort((a, b) => a.timestamp - b.timestamp);
  for (const exemplar of own) writeExemplar(writer, HISTOGRAM.exemplar, exemplar);
}
