import type { SemanticDomain } from './conventions.js';
import type { MetricType } from '../naming-rules.js';

/** The facts about this process that attributes need and no label has. */
export interface SemanticContext {
  /** The scheme of the HTTP server of the application. */
  readonly scheme: 'http' | 'https';
}

export type Labels = Readonly<Record<string, string>>;

/** One attribute of a semantic metric, with the labels of our metric that it is read from. */
export interface SemanticAttribute {
  /** Name in the semantic conventions, such as `http.request.method`. */
  readonly name: string;
  /** The label that the attribute replaces. @default none */
  readonly label?: string;
  /** Returns the value; empty if the attribute is absent. */
  readonly read: (labels: Labels, context: SemanticContext) => string;
  /** Returns the value that stands for a value of the label. */
  readonly valueOf: (value: string) => string;
  /** The value in every series of the source. @default a value of each series */
  readonly constant?: string;
  /** True if the value is a number in OTLP. @default false */
  readonly isInteger?: boolean;
}

/** One of our metrics as the source of a semantic metric. */
export interface SemanticSource {
  readonly metric: string;
  /** The label names of our metric, without those that only attributes are read from. */
  readonly labelNames: readonly string[];
  readonly attributes: readonly SemanticAttribute[];
  /** Returns the value of a semantic gauge from our value and the time, in milliseconds since the Unix epoch. */
  readonly convert?: (value: number, timestamp: number) => number;
  /** Returns the labels among series of another of our metrics with the same name as the semantic one. */
  readonly asOwn?: (labels: Labels) => Labels;
}

/** A metric of ours that a semantic one covers: a counter of the events of a histogram, or the same value. */
export interface CoveredMetric {
  readonly metric: string;
  /** Attributes by labels that the source of the semantic metric does not have. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Matchers by attribute that select the same events. */
  readonly only?: Readonly<Record<string, string | { readonly not: string }>>;
}

/** A metric of the semantic conventions of OpenTelemetry, and how it is derived from ours. */
export interface SemanticMetric {
  /** Name in the semantic conventions, such as `http.server.request.duration`. */
  readonly name: string;
  readonly domain: SemanticDomain;
  readonly instrument: 'counter' | 'histogram' | 'updowncounter' | 'gauge';
  /** Unit in UCUM. */
  readonly unit: string;
  readonly help: string;
  readonly sources: readonly SemanticSource[];
  /** Metrics that say the same and are left out where only the semantic metric is exposed. */
  readonly covers?: readonly CoveredMetric[];
  /** True if our metrics stay beside the semantic one, since it cannot replace them. @default false */
  readonly keepsOwn?: boolean;
}

/** The words of units in names of Prometheus. */
const UNIT_WORDS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/**
 * Returns the name of a semantic metric in Prometheus.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function prometheusName({ name, unit, instrument }: SemanticMetric): string {
  const words = [labelOf(name)];
  const unitWord = unit === '1' && instrument === 'gauge' ? 'ratio' : UNIT_WORDS[unit];
  if (unitWord !== undefined) words.push(unitWord);
  if (instrument === 'counter') words.push('total');
  return words.join('_');
}

/** Returns the type of a semantic metric in Prometheus. */
export function prometheusType({ instrument }: SemanticMetric): MetricType {
  return instrument === 'updowncounter' ? 'gauge' : instrument;
}

/** Returns the label name of an attribute in Prometheus. */
export function labelOf(attribute: string): string {
  return attribute.replaceAll('.', '_');
}

/** Returns the attributes of a metric, over all of its sources. */
export function attributesOf({ sources }: SemanticMetric): readonly SemanticAttribute[] {
  const byName = new Map<string, SemanticAttribute>();
  for (const { attributes } of sources) {
    for (const attribute of attributes) {
      if (!byName.has(attribute.name)) byName.set(attribute.name, attribute);
    }
  }
  return [...byName.values()];
}

/** Returns the attribute that a label becomes. */
export function renamed(
  name: string,
  label: string,
  valueOf: (value: string) => string = (value) => value,
): SemanticAttribute {
  return { name, label, valueOf, read: (labels) => valueOf(labels[label] ?? '') };
}

/** Returns an attribute with the same value in every series. */
export function constant(name: string, value: string): SemanticAttribute {
  return { ...computed(name, () => value), constant: value };
}

/** Returns an attribute that is read from several labels or none. */
export function computed(
  name: string,
  read: SemanticAttribute['read'],
  valueOf: SemanticAttribute['valueOf'] = () => '',
): SemanticAttribute {
  return { name, read, valueOf };
}
