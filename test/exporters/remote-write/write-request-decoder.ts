import protobuf from 'protobufjs';
import snappy from 'snappyjs';

/**
 * The messages of remote write 1.0 with their published field numbers. Doubles that may mark the end of a series are read
 * as the bits that they are, since a number does not keep those of a NaN.
 *
 * @see https://github.com/prometheus/prometheus/blob/main/prompb/types.proto and remote.proto
 */
const WRITE_REQUEST = protobuf
  .parse(
    `
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
  message MetricMetadata { uint32 type = 1; string metricFamilyName = 2; string help = 4; string unit = 5; }
  message TimeSeries {
    repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4;
  }
  message Label { string name = 1; string value = 2; }
  message Sample { fixed64 value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message Histogram {
    uint64 countInt = 1; double countFloat = 2; fixed64 sum = 3; sint32 schema = 4; double zeroThreshold = 5;
    uint64 zeroCountInt = 6; double zeroCountFloat = 7;
    repeated BucketSpan negativeSpans = 8; repeated sint64 negativeDeltas = 9; repeated double negativeCounts = 10;
    repeated BucketSpan positiveSpans = 11; repeated sint64 positiveDeltas = 12; repeated double positiveCounts = 13;
    uint32 resetHint = 14; int64 timestamp = 15;
  }`,
  )
  .root.lookupType('WriteRequest');

const STALE_BITS = 0x7ff0000000000002n;

/** A double, or the marker of the end of a series. */
export type Value = number | 'stale';

type Pairs = readonly { readonly name: string; readonly value: string }[];

export interface DecodedSpan {
  readonly offset: number;
  readonly length: number;
}

export interface DecodedHistogram {
  readonly count: number;
  readonly sum: Value;
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly negativeSpans: readonly DecodedSpan[];
  readonly negativeDeltas: readonly number[];
  readonly positiveSpans: readonly DecodedSpan[];
  readonly positiveDeltas: readonly number[];
  readonly timestamp: number;
}

export interface DecodedExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
}

export interface DecodedSeries {
  /** The names of the labels in the order in which they came. */
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly value: Value; readonly timestamp: number }[];
  readonly exemplars: readonly DecodedExemplar[];
  readonly histograms: readonly DecodedHistogram[];
}

export interface DecodedMetadata {
  readonly type: number;
  readonly metricFamilyName: string;
  readonly help: string;
  readonly unit: string;
}

export interface DecodedWriteRequest {
  readonly timeseries: readonly DecodedSeries[];
  readonly metadata: readonly DecodedMetadata[];
}

interface RawSeries {
  readonly labels: Pairs;
  readonly samples: readonly { readonly value: string; readonly timestamp: string }[];
  readonly exemplars: readonly {
    readonly labels: Pairs;
    readonly value: number;
    readonly timestamp: string;
  }[];
  readonly histograms: readonly Readonly<Record<string, unknown>>[];
}

/** Decodes the body of a request as it came. @throws {Error} for anything but a compressed WriteRequest */
export function decodeWriteRequest(body: Uint8Array): DecodedWriteRequest {
  return decodeMessage(Buffer.from(snappy.uncompress(body)));
}

/** Decodes a WriteRequest. */
export function decodeMessage(content: Uint8Array): DecodedWriteRequest {
  const { timeseries, metadata } = WRITE_REQUEST.toObject(WRITE_REQUEST.decode(content), {
    longs: String,
    arrays: true,
    defaults: true,
  }) as { timeseries: RawSeries[]; metadata: DecodedMetadata[] };
  return { timeseries: timeseries.map(seriesOf), metadata };
}

function seriesOf({ labels, samples, exemplars, histograms }: RawSeries): DecodedSeries {
  return {
    names: labels.map(({ name }) => name),
    labels: recordOf(labels),
    samples: samples.map(({ value, timestamp }) => ({
      value: valueOf(value),
      timestamp: Number(timestamp),
    })),
    exemplars: exemplars.map((exemplar) => ({
      labels: recordOf(exemplar.labels),
      value: exemplar.value,
      timestamp: Number(exemplar.timestamp),
    })),
    histograms: histograms.map((histogram) => ({
      count: Number(histogram['countInt']),
      sum: valueOf(String(histogram['sum'])),
      schema: Number(histogram['schema']),
      zeroThreshold: Number(histogram['zeroThreshold']),
      zeroCount: Number(histogram['zeroCountInt']),
      negativeSpans: histogram['negativeSpans'] as DecodedSpan[],
      negativeDeltas: (histogram['negativeDeltas'] as string[]).map(Number),
      positiveSpans: histogram['positiveSpans'] as DecodedSpan[],
      positiveDeltas: (histogram['positiveDeltas'] as string[]).map(Number),
      timestamp: Number(histogram['timestamp']),
    })),
  };
}

function recordOf(pairs: Pairs): Record<string, string> {
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
}

function valueOf(bits: string): Value {
  const value = BigInt(bits);
  if (value === STALE_BITS) return 'stale';
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return view.getFloat64(0);
}
