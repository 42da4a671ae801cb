import {
  BRIDGED_PREFIX,
  type ConventionByDomain,
  hasSemanticNames,
} from '../../metrics/conventions/conventions.js';
import { prometheusName, prometheusType } from '../../metrics/conventions/semantic-metric.js';
import { SEMANTIC_METRICS } from '../../metrics/conventions/semantic-metrics.js';
import type { MetricKind } from '../../metrics/metric-definition.js';
import { claimedNames } from '../../metrics/naming-rules.js';
import { LIBRARY_METRIC_NAMES } from '../../metrics/library-metric-names.js';
import type { InstrumentKind } from './instrument.js';

/** The kind of metric that an instrument is recorded as. */
export const METRIC_KINDS = {
  counter: 'counter',
  upDownCounter: 'gauge',
  gauge: 'gauge',
  histogram: 'histogram',
  observableCounter: 'counter',
  observableUpDownCounter: 'gauge',
  observableGauge: 'gauge',
} as const satisfies Readonly<Record<InstrumentKind, MetricKind>>;

/** Words for the units of UCUM, as the translation of OpenTelemetry to Prometheus has them. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
]);

/** Words for the unit after a `/`. */
const UNITS_PER: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

const TOTAL = '_total';

/** Every name that a metric of this library has in an exposition, or may have if it is a histogram. */
const TAKEN: ReadonlySet<string> = new Set(
  Array.from(LIBRARY_METRIC_NAMES, (name) =>
    claimedNames(name, name.endsWith(TOTAL) ? 'counter' : 'histogram'),
  ).flat(),
);

const NO_NAMES: ReadonlySet<string> = new Set();

/** Returns every name that the metrics of this library have in an exposition by the conventions of OpenTelemetry. */
export function semanticNames(conventions: ConventionByDomain): ReadonlySet<string> {
  if (!hasSemanticNames(conventions)) return NO_NAMES;
  const named = SEMANTIC_METRICS.filter(({ domain }) => conventions[domain] !== 'prometheus');
  return new Set([
    'target_info',
    ...named.flatMap((metric) => claimedNames(prometheusName(metric), prometheusType(metric))),
  ]);
}

/**
 * Returns the name of the metric of an instrument; undefined if nothing is left of its name.
 *
 * @param unitSuffixes true to add the unit, as the specification says and the exporter of the JavaScript SDK does not
 * @param taken further names that metrics of this library have, which get the prefix as well
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function metricNameOf(
  { name, unit, kind }: { readonly name: string; readonly unit: string; readonly kind: InstrumentKind },
  unitSuffixes: boolean,
  taken: ReadonlySet<string> = NO_NAMES,
): string | undefined {
  const plain = sanitized(name);
  if (plain === '' || plain === '_') return undefined;
  const metricKind = METRIC_KINDS[kind];
  const isCounter = metricKind === 'counter';
  let stem = /^\d/.test(plain) ? `_${plain}` : plain;
  if (isCounter && stem.endsWith(TOTAL)) stem = stem.slice(0, -TOTAL.length);
  if (unitSuffixes) {
    for (const word of unitWords(unit, kind)) if (!stem.endsWith(`_${word}`)) stem += `_${word}`;
  }
  const full = isCounter ? stem + TOTAL : stem;
  const isTaken = claimedNames(full, metricKind).some((claim) => TAKEN.has(claim) || taken.has(claim));
  return isTaken ? BRIDGED_PREFIX + full : full;
}

/** Returns the name of the label of an attribute. */
export function labelNameOf(attribute: string): string {
  const plain = sanitized(attribute);
  if (plain === '') return '_';
  return /^\d/.test(plain) ? `key_${plain}` : plain;
}

function sanitized(name: string): string {
  return name.replace(/[^a-zA-Z0-9]+/g, '_');
}

/** Returns the words that a unit adds to a name. */
function unitWords(unit: string, kind: InstrumentKind): string[] {
  const plain = withoutAnnotations(unit).trim();
  if (plain === '1') return kind === 'gauge' || kind === 'observableGauge' ? ['ratio'] : [];
  const slash = plain.indexOf('/');
  const main = (slash < 0 ? plain : plain.slice(0, slash)).trim();
  const words = main === '1' ? [] : [wordOf(main, UNITS)];
  if (slash >= 0) {
    const per = wordOf(plain.slice(slash + 1).trim(), UNITS_PER);
    if (per !== '') words.push(`per_${per}`);
  }
  return words.filter((word) => word !== '');
}

function wordOf(unit: string, words: ReadonlyMap<string, string>): string {
  return words.get(unit) ?? trimmed(sanitized(unit));
}

/** Returns a unit without its annotations, such as `{request}`. */
function withoutAnnotations(unit: string): string {
  return unit.replace(/\{[^{}]*\}/g, '');
}

function trimmed(word: string): string {
  const start = word.startsWith('_') ? 1 : 0;
  return word.slice(start, word.length > start && word.endsWith('_') ? -1 : undefined);
}
