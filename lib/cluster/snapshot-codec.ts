import { types } from 'node:util';
import type { ExponentialHistogramSnapshot } from '../metrics/exponential-histogram.js';
import { OVERFLOW_LABEL } from '../metrics/labels.js';
import { prefixesOf, type SeriesPrefixes } from '../metrics/exposition-prefix.js';
import { escapeLabelValue } from '../metrics/label-escaping.js';
import type { Aggregation } from '../metrics/metric-definition.js';
import {
  type Exemplar,
  FIRST_BUCKET,
  histogramSeries,
  liveRows,
  type MetricFamily,
  scalarSeries,
  type SeriesIdentities,
  VALUE,
} from '../metrics/snapshot.js';

/** The definition of a metric, sent once per connection. */
interface WireDefinition {
  readonly type: MetricFamily['type'];
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly openLabels?: boolean;
  readonly seriesLimit: number;
  readonly aggregate: Aggregation | undefined;
  readonly upperBounds: readonly number[];
}

/** A metric as sent over a connection: its numbers, and the labels of series that the receiver does not know yet. */
export interface WireFamily {
  readonly name: string;
  /** Sent with a new metric, or when the receiver must discard the known series of the metric. */
  readonly definition: WireDefinition | undefined;
  /** Label values of the rows after the known ones, in the order of the label names; null is the overflow series. */
  readonly rows: readonly (readonly string[] | null)[];
  readonly numbers: Float64Array;
  readonly exponential: readonly (ExponentialHistogramSnapshot | undefined)[] | undefined;
  readonly exemplars: readonly (readonly [place: number, exemplar: Exemplar])[];
}

/**
 * An encoder of successive snapshots for one receiver. Labels are sent once; for a metric with unchanged series only the
 * columns of numbers are sent.
 */
export class SnapshotEncoder {
  private sent = new Map<string, { readonly identities: SeriesIdentities; readonly rows: number }>();

  /** @param withExponential returns true for metrics whose exponential histograms are sent, if they have any */
  encode(
    families: readonly MetricFamily[],
    withExponential: (name: string) => boolean = () => true,
  ): WireFamily[] {
    const sent: typeof this.sent = new Map();
    const wire = families.map((family) => {
      const { name, numbers, stride, identities } = family;
      const before = this.sent.get(name);
      const isKnown = before?.identities === identities;
      const count = numbers.length / stride;
      const rows: (readonly string[] | null)[] = [];
      for (let row = isKnown ? before.rows : 0; row < count; row++) rows.push(valuesOf(family, row));
      sent.set(name, { identities, rows: count });
      return {
        name,
        definition: isKnown ? undefined : definitionOf(family),
        rows,
        numbers,
        exponential: withExponential(name) ? exponentialOf(family) : undefined,
        exemplars: [...(family.exemplars ?? [])],
      };
    });
    this.sent = sent;
    return wire;
  }
}

function definitionOf(family: MetricFamily): WireDefinition {
  const { type, help, labelNames, openLabels, seriesLimit } = family;
  const isHistogram = family.type === 'histogram';
  return {
    type,
    help,
    labelNames,
    ...(openLabels && { openLabels }),
    seriesLimit,
    aggregate: isHistogram ? undefined : family.aggregate,
    upperBounds: isHistogram ? family.upperBounds : [],
  };
}

function valuesOf({ identities, labelNames }: MetricFamily, row: number): readonly string[] | null {
  const labels = identities.labelsOf(row);
  return labels[OVERFLOW_LABEL] === undefined ? labelNames.map((name) => labels[name] ?? '') : null;
}

function exponentialOf(family: MetricFamily): WireFamily['exponential'] {
  if (family.type !== 'histogram' || family.exponentials === undefined) return undefined;
  const all: (ExponentialHistogramSnapshot | undefined)[] = [];
  for (const row of liveRows(family)) all[row] = family.exponentials.at(row);
  return all;
}

/** A decoder of the messages of one {@link SnapshotEncoder}. */
export class SnapshotDecoder {
  private known = new Map<string, ReceivedMetric>();

  constructor(private readonly defaultLabels: Readonly<Record<string, string>> = {}) {}

  /** @throws {TypeError} for a malformed message */
  decode(message: unknown): MetricFamily[] {
    expect(Array.isArray(message), 'a list of metrics');
    const known: typeof this.known = new Map();
    const families = (message as readonly WireFamily[]).map((wire) => {
      expect(typeof wire === 'object' && typeof wire?.name === 'string', 'a metric with a name');
      const metric =
        wire.definition === undefined
          ? this.known.get(wire.name)
          : new ReceivedMetric(wire.name, checked(wire.definition), this.defaultLabels);
      if (metric === undefined) throw new TypeError(`expected a definition of the metric ${wire.name}`);
      known.set(wire.name, metric);
      return metric.receive(wire);
    });
    this.known = known;
    return families;
  }
}

/** A metric of another worker, which implements the identities of its series. */
class ReceivedMetric implements SeriesIdentities {
  private readonly epoch = {};
  private readonly rows: (readonly string[] | null)[] = [];
  private readonly starts: string[] = [];
  private readonly prefixes: SeriesPrefixes;

  constructor(
    private readonly name: string,
    private readonly definition: WireDefinition,
    defaultLabels: Readonly<Record<string, string>>,
  ) {
    const { type, labelNames, openLabels = false } = definition;
    const isHistogram = type === 'histogram';
    this.prefixes = prefixesOf({ name, isHistogram, labelNames, openLabels }, defaultLabels);
  }

  receive({ rows, numbers, exponential, exemplars }: WireFamily): MetricFamily {
    const { name, epoch } = this;
    const { type, help, labelNames, openLabels, seriesLimit, aggregate, upperBounds } = this.definition;
    const stride = type === 'histogram' ? FIRST_BUCKET + upperBounds.length + 1 : VALUE + 1;
    expect(Array.isArray(rows) && rows.every((row) => isRow(row, labelNames.length)), `labels of ${name}`);
    for (const row of rows) this.rows.push(row);
    expect(
      types.isFloat64Array(numbers) && numbers.length === this.rows.length * stride,
      `${this.rows.length} rows of ${name}, ${stride} numbers each`,
    );
    expect(Array.isArray(exemplars), `a list of exemplars of ${name}`);
    const columns = {
      numbers,
      stride,
      identities: this,
      epoch,
      ...(exemplars.length > 0 && { exemplars: new Map(exemplars) }),
    };
    const head = { name, help, labelNames, ...(openLabels && { openLabels }), seriesLimit };
    if (type !== 'histogram')
      return { ...head, type, ...(aggregate && { aggregate }), ...columns, series: scalarSeries(columns) };
    const series = histogramSeries(columns, upperBounds, exponential);
    return {
      ...head,
      type,
      upperBounds,
      ...columns,
      ...(exponential && { exponentials: exponential }),
      series,
    };
  }

  labelsOf(row: number): Record<string, string> {
    const values = this.rows[row] ?? null;
    if (values === null) return { [OVERFLOW_LABEL]: 'true' };
    const labels = this.definition.labelNames.map((label, i): [string, string] => [label, values[i] ?? '']);
    return Object.fromEntries(this.prefixes.omitsEmpty ? labels.filter(([, value]) => value !== '') : labels);
  }

  expositionPrefixOf(row: number): string {
    return (this.starts[row] ??= this.startOf(this.rows[row] ?? null));
  }

  renderPrefixOf(row: number): string {
    return this.expositionPrefixOf(row);
  }

  private startOf(values: readonly string[] | null): string {
    return values === null ? this.prefixes.overflow : this.prefixes.of(values.map(escapeLabelValue));
  }
}

function isRow(row: unknown, width: number): boolean {
  if (row === null) return true;
  return Array.isArray(row) && row.length === width && row.every(isText);
}

function checked(definition: WireDefinition): WireDefinition {
  const { type, help, labelNames, openLabels, seriesLimit, upperBounds } = definition;
  expect(['counter', 'gauge', 'histogram'].includes(type), 'a type of metric');
  expect(isText(help) && typeof seriesLimit === 'number', 'a help text and a limit');
  expect(Array.isArray(labelNames) && labelNames.every(isText), 'a list of label names');
  expect(openLabels === undefined || typeof openLabels === 'boolean', 'open labels or not');
  expect(Array.isArray(upperBounds) && upperBounds.every(Number.isFinite), 'a list of upper bounds');
  return definition;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function expect(valid: boolean, expected: string): void {
  if (!valid) throw new TypeError(`expected ${expected}`);
}
