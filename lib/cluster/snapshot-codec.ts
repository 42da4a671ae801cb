import type { ExponentialHistogramSnapshot } from '../metrics/exponential-histogram.js';
import { OVERFLOW_LABEL, renderLabel } from '../metrics/labels.js';
import { expositionPrefixes } from '../metrics/exposition-prefix.js';
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

/** How a metric is defined, as it is said once on a connection. */
interface WireDefinition {
  readonly type: MetricFamily['type'];
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly seriesLimit: number;
  readonly aggregate: Aggregation | undefined;
  readonly upperBounds: readonly number[];
}

/** A metric as it goes over a connection: its numbers, and what the other side does not know of its series yet. */
export interface WireFamily {
  readonly name: string;
  /** Given when the other side is to forget what it knows of the metric. */
  readonly definition: WireDefinition | undefined;
  /** The label values of the rows that follow those known, in the order of the label names; null is the overflow. */
  readonly rows: readonly (readonly string[] | null)[];
  readonly numbers: Float64Array;
  readonly exponential: readonly (ExponentialHistogramSnapshot | undefined)[] | undefined;
  readonly exemplars: readonly (readonly [place: number, exemplar: Exemplar])[];
}

/**
 * Says metrics to one other side, over and over. Labels are said once: afterwards, of a metric whose series have not
 * changed only the numbers are sent, as the columns that they are.
 */
export class SnapshotEncoder {
  private said = new Map<string, { readonly identities: SeriesIdentities; readonly rows: number }>();

  /** @param withExponential whether the exponential histograms of a metric are to be sent, if they are there */
  encode(
    families: readonly MetricFamily[],
    withExponential: (name: string) => boolean = () => true,
  ): WireFamily[] {
    const said: typeof this.said = new Map();
    const wire = families.map((family) => {
      const { name, numbers, stride, identities } = family;
      const before = this.said.get(name);
      const isKnown = before?.identities === identities;
      const count = numbers.length / stride;
      const rows: (readonly string[] | null)[] = [];
      for (let row = isKnown ? before.rows : 0; row < count; row++) rows.push(valuesOf(family, row));
      said.set(name, { identities, rows: count });
      return {
        name,
        definition: isKnown ? undefined : definitionOf(family),
        rows,
        numbers,
        exponential: withExponential(name) ? exponentialOf(family) : undefined,
        exemplars: [...(family.exemplars ?? [])],
      };
    });
    this.said = said;
    return wire;
  }
}

function definitionOf(family: MetricFamily): WireDefinition {
  const { type, help, labelNames, seriesLimit } = family;
  const isHistogram = family.type === 'histogram';
  return {
    type,
    help,
    labelNames,
    seriesLimit,
    aggregate: isHistogram ? undefined : family.aggregate,
    upperBounds: isHistogram ? family.upperBounds : [],
  };
}

function valuesOf({ identities, labelNames }: MetricFamily, row: number): readonly string[] | null {
  const labels = identities.labelsOf(row);
  return labels[OVERFLOW_LABEL] === undefined ? labelNames.map((name) => labels[name]) : null;
}

function exponentialOf(family: MetricFamily): WireFamily['exponential'] {
  if (family.type !== 'histogram') return undefined;
  const all: (ExponentialHistogramSnapshot | undefined)[] = [];
  const rows = liveRows(family);
  for (const { exponential } of family.series) {
    if (exponential === undefined) return undefined;
    all[rows.next().value as number] = exponential;
  }
  return all;
}

/** Understands what one {@link SnapshotEncoder} says. */
export class SnapshotDecoder {
  private known = new Map<string, ReceivedMetric>();

  constructor(private readonly defaultLabels: Readonly<Record<string, string>> = {}) {}

  /** @throws {TypeError} for what no encoder has said */
  decode(message: unknown): MetricFamily[] {
    expect(Array.isArray(message), 'a list of metrics');
    const known: typeof this.known = new Map();
    const families = (message as readonly WireFamily[]).map((wire) => {
      expect(typeof wire === 'object' && typeof wire?.name === 'string', 'a metric with a name');
      const metric =
        wire.definition === undefined
          ? this.known.get(wire.name)
          : new ReceivedMetric(wire.name, checked(wire.definition), this.defaultLabels);
      expect(metric !== undefined, `a metric ${wire.name} that was defined`);
      known.set(wire.name, metric as ReceivedMetric);
      return (metric as ReceivedMetric).receive(wire);
    });
    this.known = known;
    return families;
  }
}

/** A metric of another worker, with the identities of its series. */
class ReceivedMetric implements SeriesIdentities {
  private readonly epoch = {};
  private readonly rows: (readonly string[] | null)[] = [];
  private readonly starts: string[] = [];
  private readonly startOf: (labels: string) => string;

  constructor(
    private readonly name: string,
    private readonly definition: WireDefinition,
    defaultLabels: Readonly<Record<string, string>>,
  ) {
    const { type, labelNames } = definition;
    this.startOf = expositionPrefixes(name, type === 'histogram', labelNames, defaultLabels);
  }

  receive({ rows, numbers, exponential, exemplars }: WireFamily): MetricFamily {
    const { name, epoch } = this;
    const { type, help, labelNames, seriesLimit, aggregate, upperBounds } = this.definition;
    const stride = type === 'histogram' ? FIRST_BUCKET + upperBounds.length + 1 : VALUE + 1;
    expect(Array.isArray(rows) && rows.every((row) => isRow(row, labelNames.length)), `labels of ${name}`);
    this.rows.push(...rows);
    expect(
      numbers instanceof Float64Array && numbers.length === this.rows.length * stride,
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
    const head = { name, help, labelNames, seriesLimit };
    return type === 'histogram'
      ? { ...head, type, upperBounds, ...columns, series: histogramSeries(columns, upperBounds, exponential) }
      : { ...head, type, ...(aggregate && { aggregate }), ...columns, series: scalarSeries(columns) };
  }

  labelsOf(row: number): Record<string, string> {
    const values = this.rows[row];
    if (values === null) return { [OVERFLOW_LABEL]: 'true' };
    return Object.fromEntries(this.definition.labelNames.map((label, i) => [label, values[i]]));
  }

  expositionPrefixOf(row: number): string {
    return (this.starts[row] ??= this.startOf(
      Object.entries(this.labelsOf(row))
        .map(([label, value]) => renderLabel(label, value))
        .join(','),
    ));
  }
}

function isRow(row: unknown, width: number): boolean {
  if (row === null) return true;
  return Array.isArray(row) && row.length === width && row.every(isText);
}

function checked(definition: WireDefinition): WireDefinition {
  const { type, help, labelNames, seriesLimit, upperBounds } = definition;
  expect(['counter', 'gauge', 'histogram'].includes(type), 'a type of metric');
  expect(isText(help) && typeof seriesLimit === 'number', 'a help text and a limit');
  expect(Array.isArray(labelNames) && labelNames.every(isText), 'a list of label names');
  expect(Array.isArray(upperBounds) && upperBounds.every(Number.isFinite), 'a list of upper bounds');
  return definition;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function expect(valid: boolean, expected: string): void {
  if (!valid) throw new TypeError(`expected ${expected}`);
}
