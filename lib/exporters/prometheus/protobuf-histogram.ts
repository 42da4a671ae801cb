import {
  CREATED,
  type Exemplar,
  FIRST_BUCKET,
  type HistogramFamily,
  type SeriesIdentities,
  SUM,
} from '../../metrics/snapshot.js';
import type { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { EncodedSeries } from './encoded-series.js';
import { type NativeBuckets, NativeHistogramBuilder } from './native-histogram.js';
import type { NativeHistogramSettings } from './native-histograms.options.js';
import { BUCKET, HISTOGRAM, METRIC, SPAN, writeCreated, writeExemplar } from './protobuf-fields.js';

/** The encoded series of a metric with some default labels. */
interface KeptSeries {
  readonly labels: string;
  readonly series: EncodedSeries;
}

/**
 * The memory of an exporter of earlier native histograms by series: their schemas, so that a scrape need not try finer
 * ones again, and what a scrape can repeat. It is forgotten with the identities of the series.
 */
export class SchemaMemory {
  private readonly known = new WeakMap<SeriesIdentities, Uint8Array>();
  private readonly builders = new Map<number, NativeHistogramBuilder>();
  private readonly encoded = new WeakMap<SeriesIdentities, KeptSeries>();

  /** Returns for each row of a metric what `NativeHistogramBuilder` returned for it; 0 at first. */
  of({ identities, numbers, stride }: HistogramFamily): Uint8Array {
    const rows = numbers.length / stride;
    let known = this.known.get(identities);
    if (known === undefined || known.length < rows) {
      const grown = new Uint8Array(rows);
      if (known !== undefined) grown.set(known);
      this.known.set(identities, (known = grown));
    }
    return known;
  }

  /** Returns the encoded series of a metric, which begin anew with other default labels. */
  encodedOf({ identities }: HistogramFamily, defaultLabels: Readonly<Record<string, string>>): EncodedSeries {
    const labels = JSON.stringify(defaultLabels);
    let kept = this.encoded.get(identities);
    if (kept?.labels !== labels)
      this.encoded.set(identities, (kept = { labels, series: new EncodedSeries() }));
    return kept.series;
  }

  /** Returns the builder of histograms with at most so many buckets, for the histograms of all metrics in turn. */
  builderOf({ maxBuckets }: NativeHistogramSettings): NativeHistogramBuilder {
    let builder = this.builders.get(maxBuckets);
    if (builder === undefined) {
      this.builders.set(maxBuckets, (builder = new NativeHistogramBuilder(maxBuckets)));
    }
    return builder;
  }
}

/** The size of the length of a message that is hardly ever shorter than 128 bytes. */
const LONG = 2;

/**
 * Returns a function that writes the value of one series of a histogram; `at` is the index of its first number. It returns
 * true if that is all that there will be to write while the numbers are the same.
 */
export function histogramWriter(
  family: HistogramFamily,
  native: NativeHistogramSettings | undefined,
  created: boolean,
  memory: SchemaMemory,
): (writer: ProtobufWriter, row: number, at: number) => boolean {
  const { numbers, upperBounds, exemplars, exponentials } = family;
  const bounds = Float64Array.of(...upperBounds, Infinity);
  const builder = native && exponentials && memory.builderOf(native);
  const known = memory.of(family);
  return (writer, row, at) => {
    const first = at + FIRST_BUCKET;
    const count = sumOf(numbers, first, bounds.length);
    // A histogram that lacks the values of a worker which ended before the first scrape of this kind is no use:
    // Prometheus refuses one whose count is not that of its buckets.
    const shift = builder?.build(exponentials!, row, known[row]) ?? -1;
    if (shift > 0) known[row] = shift;
    const isNative = builder !== undefined && shift >= 0 && builder.count === count;
    const start = writer.open(METRIC.histogram, LONG);
    writer.uint(HISTOGRAM.sampleCount, count);
    writer.double(HISTOGRAM.sampleSum, numbers[at + SUM] ?? NaN);
    if (!isNative || native?.classic === true) {
      if (exemplars === undefined) writePlainBuckets(writer, numbers, first, bounds);
      else writeBuckets(writer, numbers, first, bounds, exemplars);
    }
    if (isNative) writeNative(writer, builder);
    if (created) writeCreated(writer, HISTOGRAM.createdTimestamp, numbers[at + CREATED] ?? NaN);
    if (isNative && exemplars !== undefined) writeExemplars(writer, exemplars, first, bounds.length);
    writer.close(start, LONG);
    // Without the native buckets, those may come from a worker that has not sent them yet.
    return isNative;
  };
}

function sumOf(numbers: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += numbers[i]!;
  return sum;
}

/** Writes the classic buckets of a histogram without exemplars. */
function writePlainBuckets(
  writer: ProtobufWriter,
  numbers: Float64Array,
  first: number,
  bounds: Float64Array,
): void {
  let cumulative = 0;
  for (let i = 0; i < bounds.length; i++) {
    cumulative += numbers[first + i]!;
    writer.uintAndDouble(HISTOGRAM.bucket, BUCKET.cumulativeCount, cumulative, BUCKET.upperBound, bounds[i]!);
  }
}

/** Writes the classic buckets, with their exemplars. */
function writeBuckets(
  writer: ProtobufWriter,
  numbers: Float64Array,
  first: number,
  bounds: Float64Array,
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

function writeNative(
  writer: ProtobufWriter,
  { schema, zeroThreshold, zeroCount, positive, negative }: NativeHistogramBuilder,
): void {
  writer.sint(HISTOGRAM.schema, schema);
  writer.double(HISTOGRAM.zeroThreshold, zeroThreshold);
  writer.uint(HISTOGRAM.zeroCount, zeroCount);
  writeSide(writer, HISTOGRAM.negativeSpan, HISTOGRAM.negativeDelta, negative);
  // A span of no buckets says that a histogram is a native one which is still empty.
  if (positive.spans + negative.spans === 0) writeSpan(writer, HISTOGRAM.positiveSpan, 0, 0);
  writeSide(writer, HISTOGRAM.positiveSpan, HISTOGRAM.positiveDelta, positive);
}

function writeSide(
  writer: ProtobufWriter,
  spanField: number,
  deltaField: number,
  { spans, spanOffsets, spanLengths, deltas, size }: NativeBuckets,
): void {
  for (let i = 0; i < spans; i++) writeSpan(writer, spanField, spanOffsets[i]!, spanLengths[i]!);
  writer.packedSints(deltaField, deltas, size);
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
