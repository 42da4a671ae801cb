import { unitOf } from '../../metrics/naming-rules.js';
import {
  CREATED,
  type MetricFamily,
  type MetricsSnapshot,
  type ScalarFamily,
  VALUE,
} from '../../metrics/snapshot.js';
import { DelimitedStream } from '../protobuf/delimited-stream.js';
import type { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { type BridgedFamily, isSelectedBridged } from './bridged-family.js';
import { isSelected } from './exposition.js';
import type { EncodedSeries } from './encoded-series.js';
import { type ResolvedNativeHistograms, settingsOf } from './native-histograms.options.js';
import { typeOfBridged, writeBridged } from './protobuf-bridged.js';
import {
  FAMILY,
  METRIC,
  METRIC_TYPES,
  SCALAR,
  writeCreated,
  writeExemplar,
  writeLabel,
} from './protobuf-fields.js';
import { histogramWriter, type SchemaMemory } from './protobuf-histogram.js';

/** The settings of an exposition in protobuf. */
export interface ProtobufExpositionOptions {
  readonly nativeHistograms: ResolvedNativeHistograms;
  /** True to add the creation times of counters and histograms. */
  readonly created: boolean;
  /** The schemas of the earlier expositions of the same metrics. */
  readonly memory: SchemaMemory;
  /** Names of the metrics, or of their samples, to render. @default all */
  readonly names?: ReadonlySet<string>;
  /** Metrics of other libraries, whose names do not occur in the snapshot. */
  readonly bridged?: readonly BridgedFamily[];
}

/** A function that writes the value of one series; `at` is the index of its first number. True if it may be kept. */
type ValueWriter = (writer: ProtobufWriter, row: number, at: number) => boolean;

/**
 * Renders a snapshot as a stream of messages `io.prometheus.client.MetricFamily`, each with its length before it. It
 * yields where the caller can yield to the event loop.
 */
export function* renderProtobuf(
  snapshot: MetricsSnapshot,
  options: ProtobufExpositionOptions,
): Generator<void, Buffer[], void> {
  const stream = new DelimitedStream();
  const { writer } = stream;
  for (const family of snapshot.families) {
    if (options.names && !isSelected(family, options.names)) continue;
    const { numbers, stride } = family;
    const lengthBytes = family.type === 'histogram' ? 2 : 1;
    let write: ValueWriter | undefined;
    let labels: LabelsWriter | undefined;
    const encoded = encodedOf(snapshot, family, options);
    for (let row = 0, at = 0; at < numbers.length; row++, at += stride) {
      if (Number.isNaN(numbers[at + CREATED])) continue;
      if (write === undefined) {
        stream.begin();
        writeHead(writer, family.name, family.help, METRIC_TYPES[family.type]);
        write = valueWriter(family, options);
        labels = new LabelsWriter(family, snapshot.defaultLabels);
      }
      if (encoded?.writeAgain(writer, row, family, at) !== true) {
        const from = writer.length;
        const start = writer.open(FAMILY.metric, lengthBytes);
        const labelsFrom = writer.length;
        if (encoded?.writeLabelsAgain(writer, row) !== true) labels?.write(writer, row);
        const labelBytes = writer.length - labelsFrom;
        const isFinal = write(writer, row, at);
        writer.close(start, lengthBytes);
        if (isFinal) encoded?.keep(writer, from, labelBytes, row, family, at);
      }
      if (stream.flush()) yield;
    }
    if (write === undefined) continue;
    const unit = unitOf(family.name, family.type);
    if (unit !== undefined) writer.string(FAMILY.unit, unit);
    stream.end();
  }
  for (const family of options.bridged ?? []) {
    if (family.samples.length === 0) continue;
    if (options.names && !isSelectedBridged(family, options.names)) continue;
    stream.begin();
    writeHead(writer, family.name, family.help, typeOfBridged(family));
    writeBridged(writer, family);
    stream.end();
    if (stream.flush()) yield;
  }
  return stream.finish();
}

function writeHead(writer: ProtobufWriter, name: string, help: string, type: number): void {
  writer.string(FAMILY.name, name);
  if (help !== '') writer.string(FAMILY.help, help);
  writer.uint(FAMILY.type, type);
}

/** Returns the encoded series of a histogram that has native buckets. */
function encodedOf(
  { defaultLabels }: MetricsSnapshot,
  family: MetricFamily,
  { nativeHistograms, memory }: ProtobufExpositionOptions,
): EncodedSeries | undefined {
  if (family.type !== 'histogram' || family.exponentials === undefined) return undefined;
  return settingsOf(nativeHistograms, family.name) && memory.encodedOf(family, defaultLabels);
}

function valueWriter(family: MetricFamily, options: ProtobufExpositionOptions): ValueWriter {
  const { nativeHistograms, created, memory } = options;
  return family.type === 'histogram'
    ? histogramWriter(family, settingsOf(nativeHistograms, family.name), created, memory)
    : scalarWriter(family, created);
}

function scalarWriter({ type, numbers, exemplars }: ScalarFamily, created: boolean): ValueWriter {
  const field = METRIC[type];
  const isCounter = type === 'counter';
  return (writer, _, at) => {
    const start = writer.open(field);
    writer.double(SCALAR.value, numbers[at + VALUE] ?? NaN);
    if (isCounter) {
      const exemplar = exemplars?.get(at + VALUE);
      if (exemplar !== undefined) writeExemplar(writer, SCALAR.exemplar, exemplar);
      if (created) writeCreated(writer, SCALAR.createdTimestamp, numbers[at + CREATED] ?? NaN);
    }
    writer.close(start);
    return false;
  };
}

/** A writer of the labels of the series of one family. A label of the series replaces a default label of its name. */
class LabelsWriter {
  private readonly defaults: readonly (readonly [name: string, value: string])[];

  constructor(
    private readonly family: MetricFamily,
    defaultLabels: Readonly<Record<string, string>>,
  ) {
    this.defaults = Object.entries(defaultLabels).filter(([name]) => !family.labelNames.includes(name));
  }

  write(writer: ProtobufWriter, row: number): void {
    for (const [name, value] of this.defaults) writeLabel(writer, name, value);
    const labels = this.family.identities.labelsOf(row);
    for (const name in labels) writeLabel(writer, name, labels[name]!);
  }
}
