import {
  type Exemplar,
  FIRST_BUCKET,
  type HistogramFamily,
  type MetricFamily,
  SUM,
  VALUE,
} from '../../metrics/snapshot.js';
import type { NativeHistogramBuilder } from '../prometheus/native-histogram.js';
import type { NativeHistogramSettings } from '../prometheus/native-histograms.options.js';
import { formatCanonicalBound } from '../../metrics/bound-format.js';
import type { SchemaMemory } from '../prometheus/protobuf-histogram.js';
import { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { writeNativeEnd, writeNativeSample } from './native-sample.js';
import { type EncodedLabels, encodedLabel, SeriesLabels, writeLabel } from './series-labels.js';
import { TIMESERIES, type WriteRequestBuilder } from './write-request.js';

/** Field numbers of `TimeSeries`, whose labels are written by {@link SeriesLabels}. */
const SAMPLES = 2;
const EXEMPLARS = 3;
/** Field numbers of `Sample` and of `Exemplar`. */
const SAMPLE_VALUE = 1;
const SAMPLE_TIMESTAMP = 2;
const EXEMPLAR_VALUE = 2;
const EXEMPLAR_TIMESTAMP = 3;

/** Size of the length of a `TimeSeries`, which is hardly ever shorter than 128 bytes. */
const LENGTH_BYTES = 2;

/** The value that ends a series. */
const STALE = Symbol('stale');
/** The field of a `Sample` with a NaN. It is written as bytes, since a number does not keep the bits of a NaN. */
const STALE_VALUE = Uint8Array.of(0x09, 0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);
const NAN_VALUE = Uint8Array.of(0x09, 0x01, 0, 0, 0, 0, 0, 0xf8, 0x7f);

/** The settings of the series of an interval. */
export interface TimeSeriesOptions {
  readonly builder: WriteRequestBuilder;
  /** Time of the samples, in whole milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Time from which on an exemplar was observed if it has not been sent yet. */
  readonly exemplarsFrom: number;
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** Labels of the target, such as `job` and `instance`. */
  readonly target: Readonly<Record<string, string>>;
  /** Returns the settings of the native histograms of a metric; undefined for classic buckets only. */
  readonly nativeHistograms: (metric: string) => NativeHistogramSettings | undefined;
  /** Schemas of earlier native histograms. */
  readonly schemas: SchemaMemory;
}

/** The name of a time series, encoded, and the bound of its bucket if it has one. */
interface SeriesName {
  readonly name: Uint8Array;
  readonly bound?: Uint8Array;
}

/** A writer of the time series of one family. */
export class FamilyWriter {
  private readonly labels: SeriesLabels;
  private readonly scratch = new ProtobufWriter(512);
  /** Labels of the current series, encoded if it has many time series. */
  private current: Readonly<Record<string, string>> = {};
  private encoded: EncodedLabels | undefined;
  /** Names of the samples of each series. */
  private readonly names: readonly SeriesName[];
  /** Name of the family, which is also that of a native histogram. */
  private readonly name: SeriesName;
  private readonly native: NativeHistogramSettings | undefined;
  private readonly builder: NativeHistogramBuilder | undefined;
  /** Results of the builder for earlier histograms of each row. */
  private readonly known: Uint8Array | undefined;

  constructor(
    private readonly family: MetricFamily,
    private readonly options: TimeSeriesOptions,
  ) {
    const { defaultLabels, target, nativeHistograms, schemas } = options;
    this.labels = new SeriesLabels(family.labelNames, defaultLabels, target);
    this.name = { name: encodedLabel('__name__', family.name) };
    this.names = family.type === 'histogram' ? histogramNames(family) : [this.name];
    if (family.type !== 'histogram') return;
    this.native = nativeHistograms(family.name);
    if (this.native === undefined) return;
    this.builder = schemas.builderOf(this.native);
    this.known = schemas.of(family);
  }

  /** Writes the samples of one series. */
  write(row: number): void {
    const { family } = this;
    const { numbers, stride, exemplars } = family;
    const at = row * stride;
    this.begin(row);
    if (family.type !== 'histogram') {
      this.sample(this.name, numbers[at + VALUE] ?? NaN, exemplars?.get(at + VALUE));
      return;
    }
    const isNative = this.buildNative(family, row);
    if (isNative) this.nativeSeries(numbers[at + SUM] ?? NaN, exemplarsOf(family, at));
    if (isNative && this.native?.classic !== true) return;
    const buckets = family.upperBounds.length + 1;
    let count = 0;
    for (let i = 0; i < buckets; i++) {
      count += numbers[at + FIRST_BUCKET + i] ?? 0;
      this.sample(this.names[i]!, count, exemplars?.get(at + FIRST_BUCKET + i));
    }
    this.sample(this.names[buckets]!, numbers[at + SUM] ?? NaN);
    this.sample(this.names[buckets + 1]!, count);
  }

  /** Writes the markers that end the time series of one series. */
  end(row: number): void {
    const { family } = this;
    this.begin(row);
    const isNative = family.type === 'histogram' && this.buildNative(family, row);
    if (isNative) this.nativeSeries(STALE);
    if (isNative && this.native?.classic !== true) return;
    for (const name of this.names) this.sample(name, STALE);
  }

  private begin(row: number): void {
    const { family, options, names, labels, scratch } = this;
    options.builder.reserve(names.length + 1);
    this.current = family.identities.labelsOf(row);
    this.encoded = family.type === 'histogram' ? labels.encode(this.current, scratch) : undefined;
  }

  /** Builds the native histogram of a row. @returns false if it is not wanted, or does not have every value */
  private buildNative({ numbers, stride, upperBounds, exponentials }: HistogramFamily, row: number): boolean {
    const { builder, known } = this;
    if (builder === undefined || exponentials === undefined) return false;
    const shift = builder.build(exponentials, row, known?.[row]);
    if (known !== undefined && shift > 0) known[row] = shift;
    let count = 0;
    const first = row * stride + FIRST_BUCKET;
    for (let i = 0; i <= upperBounds.length; i++) count += numbers[first + i] ?? 0;
    return shift >= 0 && builder.count === count;
  }

  private sample(name: SeriesName, value: number | typeof STALE, exemplar?: Exemplar): void {
    const { builder, timestamp } = this.options;
    const { writer } = builder;
    const series = this.beginSeries(name);
    const sample = writer.open(SAMPLES);
    if (value === STALE) writer.raw(STALE_VALUE);
    else if (Number.isNaN(value)) writer.raw(NAN_VALUE);
    else writer.double(SAMPLE_VALUE, value);
    writer.int(SAMPLE_TIMESTAMP, timestamp);
    writer.close(sample);
    if (exemplar !== undefined) this.exemplar(exemplar);
    writer.close(series, LENGTH_BYTES);
    builder.added();
  }

  /** Writes the native histogram that was built last. */
  private nativeSeries(sum: number | typeof STALE, exemplars: readonly Exemplar[] = []): void {
    const { builder, timestamp } = this.options;
    const { writer } = builder;
    const series = this.beginSeries(this.name);
    if (sum === STALE) writeNativeEnd(writer, timestamp);
    else if (this.builder !== undefined) writeNativeSample(writer, this.builder, sum, timestamp);
    for (const exemplar of exemplars) this.exemplar(exemplar);
    writer.close(series, LENGTH_BYTES);
    builder.added();
  }

  /** Begins a time series with its labels. @returns the position to close it by */
  private beginSeries({ name, bound }: SeriesName): number {
    const { labels, current, encoded } = this;
    const { writer } = this.options.builder;
    const series = writer.open(TIMESERIES, LENGTH_BYTES);
    if (encoded === undefined) {
      labels.write(0, current, writer);
      writer.raw(name);
      labels.write(1, current, writer);
      labels.write(2, current, writer);
      return series;
    }
    writer.raw(encoded.beforeName);
    writer.raw(name);
    writer.raw(encoded.beforeBound);
    if (bound !== undefined) writer.raw(bound);
    writer.raw(encoded.afterBound);
    return series;
  }

  private exemplar({ labels, value, timestamp }: Exemplar): void {
    const { builder, exemplarsFrom } = this.options;
    if (timestamp < exemplarsFrom) return;
    const { writer } = builder;
    const exemplar = writer.open(EXEMPLARS);
    for (const [name, text] of Object.entries(labels)) writeLabel(writer, name, text);
    writer.double(EXEMPLAR_VALUE, value);
    writer.int(EXEMPLAR_TIMESTAMP, Math.trunc(timestamp));
    writer.close(exemplar);
  }
}

/** The bounds are spelled as when Prometheus scrapes OpenMetrics or protobuf, and from version 3 on whatever it scrapes. */
function histogramNames({ name, upperBounds }: HistogramFamily): SeriesName[] {
  const bucket = encodedLabel('__name__', `${name}_bucket`);
  return [
    ...[...upperBounds, Infinity].map((bound) => ({
      name: bucket,
      bound: encodedLabel('le', formatCanonicalBound(bound)),
    })),
    { name: encodedLabel('__name__', `${name}_sum`) },
    { name: encodedLabel('__name__', `${name}_count`) },
  ];
}

/** Returns the exemplars of all buckets in the order of their times, which receivers want within a series. */
function exemplarsOf({ exemplars, upperBounds }: HistogramFamily, at: number): Exemplar[] {
  if (exemplars === undefined) return [];
  return [...upperBounds, Infinity]
    .map((_, i) => exemplars.get(at + FIRST_BUCKET + i))
    .filter((exemplar) => exemplar !== undefined)
    .toSorted((a, b) => a.timestamp - b.timestamp);
}
