import {
  type Exemplar,
  FIRST_BUCKET,
  type HistogramFamily,
  type MetricFamily,
  SUM,
  VALUE,
} from '../../metrics/snapshot.js';
import { formatBound } from '../prometheus/number-format.js';
import { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { type EncodedLabels, encodedLabel, SeriesLabels, writeLabel } from './series-labels.js';
import { TIMESERIES, type WriteRequestBuilder } from './write-request.js';

/** Field numbers of `TimeSeries`, of which the labels are written as they are. */
const SAMPLES = 2;
const EXEMPLARS = 3;
/** Field numbers of `Sample` and of `Exemplar`. */
const SAMPLE_VALUE = 1;
const SAMPLE_TIMESTAMP = 2;
const EXEMPLAR_VALUE = 2;
const EXEMPLAR_TIMESTAMP = 3;

/** The value that ends a series: a NaN of which receivers compare all bits. */
export const STALE = Symbol('stale');
/** Fields with a NaN as the value of a `Sample`. They are written as bytes, since numbers do not keep the bits of a NaN. */
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
  private readonly names: readonly SeriesName[];

  constructor(
    private readonly family: MetricFamily,
    private readonly options: TimeSeriesOptions,
  ) {
    this.labels = new SeriesLabels(family.labelNames, options.defaultLabels, options.target);
    this.names =
      family.type === 'histogram'
        ? histogramNames(family)
        : [{ name: encodedLabel('__name__', family.name) }];
  }

  /** Writes the samples of one series. */
  write(row: number): void {
    const { family } = this;
    const { numbers, stride, exemplars } = family;
    const at = row * stride;
    const labels = this.begin(row);
    if (family.type !== 'histogram') {
      this.sample(0, labels, numbers[at + VALUE] ?? NaN, exemplars?.get(at + VALUE));
      return;
    }
    const buckets = family.upperBounds.length + 1;
    let count = 0;
    for (let i = 0; i < buckets; i++) {
      count += numbers[at + FIRST_BUCKET + i] ?? 0;
      this.sample(i, labels, count, exemplars?.get(at + FIRST_BUCKET + i));
    }
    this.sample(buckets, labels, numbers[at + SUM] ?? NaN);
    this.sample(buckets + 1, labels, count);
  }

  /** Writes the markers that end the time series of one series. */
  end(row: number): void {
    const labels = this.begin(row);
    for (let i = 0; i < this.names.length; i++) this.sample(i, labels, STALE);
  }

  private begin(row: number): EncodedLabels {
    this.options.builder.reserve(this.names.length);
    return this.labels.encode(this.family.identities.labelsOf(row), this.scratch);
  }

  private sample(
    index: number,
    labels: EncodedLabels,
    value: number | typeof STALE,
    exemplar?: Exemplar,
  ): void {
    const { builder, timestamp, exemplarsFrom } = this.options;
    const { writer } = builder;
    const { name, bound } = this.names[index]!;
    const series = writer.open(TIMESERIES);
    writer.raw(labels.beforeName);
    writer.raw(name);
    writer.raw(labels.beforeBound);
    if (bound !== undefined) writer.raw(bound);
    writer.raw(labels.afterBound);
    const sample = writer.open(SAMPLES);
    if (value === STALE) writer.raw(STALE_VALUE);
    else if (Number.isNaN(value)) writer.raw(NAN_VALUE);
    else writer.double(SAMPLE_VALUE, value);
    writer.int(SAMPLE_TIMESTAMP, timestamp);
    writer.close(sample);
    if (exemplar !== undefined && exemplar.timestamp >= exemplarsFrom) writeExemplar(writer, exemplar);
    writer.close(series);
    builder.added();
  }
}

function histogramNames({ name, upperBounds }: HistogramFamily): SeriesName[] {
  const bucket = encodedLabel('__name__', `${name}_bucket`);
  return [
    ...[...upperBounds, Infinity].map((bound) => ({
      name: bucket,
      bound: encodedLabel('le', formatBound(bound)),
    })),
    { name: encodedLabel('__name__', `${name}_sum`) },
    { name: encodedLabel('__name__', `${name}_count`) },
  ];
}

function writeExemplar(writer: ProtobufWriter, { labels, value, timestamp }: Exemplar): void {
  const exemplar = writer.open(EXEMPLARS);
  for (const [name, text] of Object.entries(labels)) writeLabel(writer, name, text);
  writer.double(EXEMPLAR_VALUE, value);
  writer.int(EXEMPLAR_TIMESTAMP, Math.trunc(timestamp));
  writer.close(exemplar);
}
