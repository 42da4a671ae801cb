import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

export interface DecodedExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** In milliseconds. */
  readonly timestamp: number;
}

/** The buckets of a native histogram by their indexes, with those that are empty within a span. */
export type DecodedBuckets = ReadonlyMap<number, number>;

export interface DecodedNative {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: DecodedBuckets;
  readonly negative: DecodedBuckets;
  readonly exemplars: readonly DecodedExemplar[];
}

export interface DecodedMetric {
  readonly labels: Readonly<Record<string, string>>;
  readonly value?: number;
  readonly exemplar?: DecodedExemplar;
  /** In milliseconds. */
  readonly createdAt?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly buckets?: readonly {
    readonly upperBound: number;
    readonly count: number;
    readonly exemplar?: DecodedExemplar;
  }[];
  readonly quantiles?: readonly (readonly [quantile: number, value: number])[];
  readonly native?: DecodedNative;
}

export interface DecodedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly unit: string;
  readonly metrics: readonly DecodedMetric[];
}

interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

interface LabelPair {
  readonly name: string;
  readonly value: string;
}

interface Exemplar {
  readonly label?: readonly LabelPair[];
  readonly value: number;
  readonly timestamp: Timestamp;
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

interface Histogram {
  readonly sampleCount?: number;
  readonly sampleCountFloat?: number;
  readonly sampleSum: number;
  readonly bucket?: readonly {
    readonly cumulativeCount?: number;
    readonly cumulativeCountFloat?: number;
    readonly upperBound: number;
    readonly exemplar?: Exemplar;
  }[];
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: number;
  readonly negativeSpan?: readonly Span[];
  readonly negativeDelta?: readonly number[];
  readonly positiveSpan?: readonly Span[];
  readonly positiveDelta?: readonly number[];
  readonly createdTimestamp?: Timestamp;
  readonly exemplars?: readonly Exemplar[];
}

interface Scalar {
  readonly value: number;
  readonly exemplar?: Exemplar;
  readonly createdTimestamp?: Timestamp;
}

interface Metric {
  readonly label?: readonly LabelPair[];
  readonly gauge?: Scalar;
  readonly counter?: Scalar;
  readonly untyped?: Scalar;
  readonly summary?: {
    readonly sampleCount: number;
    readonly sampleSum: number;
    readonly quantile?: readonly { readonly quantile: number; readonly value: number }[];
  };
  readonly histogram?: Histogram;
}

interface Family {
  readonly name: string;
  readonly help?: string;
  readonly type: string;
  readonly metric: readonly Metric[];
  readonly unit?: string;
}

export const METRICS_PROTO = new URL('metrics.proto', import.meta.url);

const FAMILY = protobuf.parse(readFileSync(METRICS_PROTO, 'utf8')).root.lookupType('MetricFamily');

/** Decodes a scrape in protobuf, and fails if a family or a series in it is there twice. */
export function decodeFamilies(body: Uint8Array): Map<string, DecodedFamily> {
  const families = new Map<string, DecodedFamily>();
  for (const bytes of delimitedMessages(body)) {
    const family = FAMILY.toObject(FAMILY.decode(bytes), { longs: Number, enums: String }) as Family;
    const labels = new Set<string>();
    const metrics = family.metric.map(decodedMetric);
    for (const metric of metrics) labels.add(keyOf(metric.labels));
    if (labels.size !== metrics.length) throw new Error(`a series of ${family.name} twice`);
    if (families.has(family.name)) throw new Error(`the family ${family.name} twice`);
    const { name, help = '', type, unit = '' } = family;
    families.set(name, { name, help, type, unit, metrics });
  }
  return families;
}

/** Splits a stream into its messages. */
export function delimitedMessages(body: Uint8Array): Buffer[] {
  const reader = protobuf.Reader.create(body);
  const messages: Buffer[] = [];
  while (reader.pos < reader.len) messages.push(Buffer.from(reader.bytes()));
  return messages;
}

function decodedMetric({ label = [], gauge, counter, untyped, summary, histogram }: Metric): DecodedMetric {
  const labels = labelsOf(label);
  const scalar = gauge ?? counter ?? untyped;
  if (scalar !== undefined) {
    return {
      labels,
      value: scalar.value,
      ...(scalar.exemplar && { exemplar: decodedExemplar(scalar.exemplar) }),
      ...(scalar.createdTimestamp && { createdAt: millisecondsOf(scalar.createdTimestamp) }),
    };
  }
  if (summary !== undefined) {
    const quantiles = (summary.quantile ?? []).map(({ quantile, value }) => [quantile, value] as const);
    return { labels, count: summary.sampleCount, sum: summary.sampleSum, quantiles };
  }
  if (histogram === undefined) throw new Error('a metric without a value');
  return {
    labels,
    count: histogram.sampleCount ?? histogram.sampleCountFloat ?? NaN,
    sum: histogram.sampleSum,
    ...(histogram.bucket && {
      buckets: histogram.bucket.map((bucket) => ({
        upperBound: bucket.upperBound,
        count: bucket.cumulativeCount ?? bucket.cumulativeCountFloat ?? NaN,
        ...(bucket.exemplar && { exemplar: decodedExemplar(bucket.exemplar) }),
      })),
    }),
    ...(histogram.createdTimestamp && { createdAt: millisecondsOf(histogram.createdTimestamp) }),
    ...(histogram.schema !== undefined && { native: decodedNative(histogram) }),
  };
}

function decodedNative(histogram: Histogram): DecodedNative {
  const { schema = NaN, zeroThreshold = NaN, zeroCount = NaN, exemplars = [] } = histogram;
  return {
    schema,
    zeroThreshold,
    zeroCount,
    positive: decodedBuckets(histogram.positiveSpan, histogram.positiveDelta),
    negative: decodedBuckets(histogram.negativeSpan, histogram.negativeDelta),
    exemplars: exemplars.map(decodedExemplar),
  };
}

/** Adds the deltas up, as a reader does. Fails unless there are as many buckets as the spans say. */
export function decodedBuckets(
  spans: readonly Span[] = [],
  deltas: readonly number[] = [],
): Map<number, number> {
  const buckets = new Map<number, number>();
  let index = 0;
  let at = 0;
  let count = 0;
  for (const { offset, length } of spans) {
    if (at > 0 && offset < 0) throw new Error('a span before the last one');
    index += offset;
    for (let i = 0; i < length; i++) {
      count += deltas[at++] ?? NaN;
      buckets.set(index++, count);
    }
  }
  if (at !== deltas.length) throw new Error(`${at} buckets in the spans, and ${deltas.length} deltas`);
  if (![...buckets.values()].every((value) => value >= 0)) throw new Error('a negative count');
  return buckets;
}

function decodedExemplar({ label = [], value, timestamp }: Exemplar): DecodedExemplar {
  return { labels: labelsOf(label), value, timestamp: millisecondsOf(timestamp) };
}

function labelsOf(pairs: readonly LabelPair[]): Record<string, string> {
  const labels = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
  if (Object.keys(labels).length !== pairs.length) throw new Error('a label twice');
  return labels;
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function millisecondsOf({ seconds, nanos }: Timestamp): number {
  return seconds * 1_000 + nanos / 1e6;
}
