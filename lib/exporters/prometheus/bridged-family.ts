import { renderLabel } from '../../metrics/label-escaping.js';
import { claimedNames, familyName, isTotal } from '../../metrics/naming-rules.js';
import type { TextFormat } from './format-negotiation.js';
import { formatBound, formatCanonicalBound } from '../../metrics/bound-format.js';
import { formatValue } from './number-format.js';

/** A metric of another library at one time. */
export interface BridgedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';
  readonly samples: readonly BridgedSample[];
}

/** One sample of a bridged metric. */
export interface BridgedSample {
  /** Name of the family, or that with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** Returns every sample name of the metric in either exposition format. */
export function namesOf({ name, type }: BridgedFamily): string[] {
  if (type === 'summary') return ['', '_sum', '_count', '_created'].map((end) => name + end);
  return claimedNames(name, type === 'untyped' ? 'gauge' : type);
}

/** Returns true if the metric, or one of its samples, has one of the names. */
export function isSelectedBridged(family: BridgedFamily, names: ReadonlySet<string>): boolean {
  return namesOf(family).some((name) => names.has(name));
}

/** Returns a label value as a string. */
export function labelValueOf(given: unknown): string {
  return given === undefined || given === null ? '' : String(given).toWellFormed();
}

/** Renders all lines of the metric. */
export function renderBridged(family: BridgedFamily, format: TextFormat): string {
  const openmetrics = format === 'openmetrics';
  const number = openmetrics ? formatCanonicalBound : formatBound;
  let text = metadata(family, openmetrics);
  for (const { name, labels, value } of family.samples) {
    const rendered = Object.entries(labels).map(([label, given]) =>
      renderLabel(label, valueOf(label, given)),
    );
    text += `${name}${rendered.length === 0 ? '' : `{${rendered.join(',')}}`} ${formatValue(value)}\n`;
  }
  return text;

  /** Returns a label value; bounds and quantiles are formatted as numbers of the exposition format. */
  function valueOf(label: string, given: unknown): string {
    const isBound = label === 'le' && family.type === 'histogram';
    const isQuantile = label === 'quantile' && family.type === 'summary';
    if ((!isBound && !isQuantile) || given === undefined || given === null) return labelValueOf(given);
    return number(given === '+Inf' ? Infinity : Number(given));
  }
}

function metadata({ name, help, type }: BridgedFamily, openmetrics: boolean): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  if (!openmetrics) return `${help === '' ? '' : `# HELP ${name} ${escaped}\n`}# TYPE ${name} ${type}\n`;
  const total = type === 'counter' && isTotal(name, 'counter');
  const family = total ? familyName(name, 'counter') : name;
  const typeLine = `# TYPE ${family} ${type === 'untyped' || (type === 'counter' && !total) ? 'unknown' : type}\n`;
  return help === '' ? typeLine : `${typeLine}# HELP ${family} ${escaped.replaceAll('"', '\\"')}\n`;
}
