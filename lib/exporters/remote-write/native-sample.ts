import type { NativeBuckets, NativeHistogramBuilder } from '../prometheus/native-histogram.js';
import type { ProtobufWriter } from '../protobuf/protobuf-writer.js';

/** Field number of `TimeSeries.histograms`. */
const HISTOGRAMS = 4;
/** Field numbers of `Histogram`; counts are integers, and the resets are for the receiver to see. */
const HISTOGRAM = {
  count: 1,
  sum: 3,
  schema: 4,
  zeroThreshold: 5,
  zeroCount: 6,
  negativeSpans: 8,
  negativeDeltas: 9,
  positiveSpans: 11,
  positiveDeltas: 12,
  timestamp: 15,
} as const;
const SPAN = { offset: 1, length: 2 } as const;

/** The sum of the histogram that ends a series, a NaN of which receivers compare all bits. */
const STALE_SUM = Uint8Array.of(0x19, 0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);

/** Writes the native histogram that was built last into a `TimeSeries`. */
export function writeNativeSample(
  writer: ProtobufWriter,
  { count, schema, zeroThreshold, zeroCount, positive, negative }: NativeHistogramBuilder,
  sum: number,
  timestamp: number,
): void {
  const histogram = writer.open(HISTOGRAMS);
  writer.uint(HISTOGRAM.count, count);
  writer.double(HISTOGRAM.sum, sum);
  writer.sint(HISTOGRAM.schema, schema);
  writer.double(HISTOGRAM.zeroThreshold, zeroThreshold);
  writer.uint(HISTOGRAM.zeroCount, zeroCount);
  writeBuckets(writer, HISTOGRAM.negativeSpans, HISTOGRAM.negativeDeltas, negative);
  writeBuckets(writer, HISTOGRAM.positiveSpans, HISTOGRAM.positiveDeltas, positive);
  writer.int(HISTOGRAM.timestamp, timestamp);
  writer.close(histogram);
}

/** Writes the marker of the end of a native histogram into a `TimeSeries`. */
export function writeNativeEnd(writer: ProtobufWriter, timestamp: number): void {
  const histogram = writer.open(HISTOGRAMS);
  writer.uint(HISTOGRAM.count, 0);
  writer.raw(STALE_SUM);
  writer.uint(HISTOGRAM.zeroCount, 0);
  writer.int(HISTOGRAM.timestamp, timestamp);
  writer.close(histogram);
}

function writeBuckets(
  writer: ProtobufWriter,
  spanField: number,
  deltaField: number,
  { spans, spanOffsets, spanLengths, size, deltas }: NativeBuckets,
): void {
  for (let i = 0; i < spans; i++) {
    const span = writer.open(spanField);
    writer.sint(SPAN.offset, spanOffsets[i]!);
    writer.uint(SPAN.length, spanLengths[i]!);
    writer.close(span);
  }
  writer.packedSints(deltaField, deltas, size);
}
