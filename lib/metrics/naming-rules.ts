import { ACTIVE_TOTALS } from './metric-names.js';
import { MetricDefinitionError } from './metric-definition.error.js';

/** The type of a metric in the exposition formats; a timer is a histogram there. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** The base units of OpenMetrics 1.0 and the Prometheus naming guide. */
const BASE_UNITS = ['seconds', 'bytes', 'ratio', 'celsius', 'meters', 'volts', 'amperes', 'joules', 'grams'];
const BETTER_UNIT: Readonly<Record<string, string>> = {
  ...unitsOf('seconds', 'milliseconds microseconds nanoseconds minutes hours days ms us ns sec secs'),
  ...unitsOf('bytes', 'bits kilobytes megabytes gigabytes kibibytes mebibytes gibibytes kb mb gb'),
  ...unitsOf('celsius', 'kelvin fahrenheit'),
};

/** Names that an option of this library asks for, although they break the naming guide. */
const ASKED_FOR: ReadonlySet<string> = new Set(Object.values(ACTIVE_TOTALS));

/**
 * Checks a metric name against the Prometheus data model.
 *
 * @throws {MetricDefinitionError} if the name is invalid
 */
export function assertMetricName(name: string): void {
  if (typeof name !== 'string' || !METRIC_NAME.test(name)) {
    throw new MetricDefinitionError(
      `${JSON.stringify(name)} is not a valid metric name. Use letters, digits, underscores and colons, and no digit first.`,
    );
  }
}

/**
 * Returns the name of the metric family in OpenMetrics: for a counter, its name without `_total`. A counter without that
 * suffix keeps its name and is of type unknown, so that its samples have the same name in both formats.
 */
export function familyName(name: string, type: MetricType): string {
  return isTotal(name, type) ? name.slice(0, -'_total'.length) : name;
}

/** Returns true if a metric is a counter as OpenMetrics defines it. */
export function isTotal(name: string, type: MetricType): boolean {
  return type === 'counter' && name.endsWith('_total') && name.length > '_total'.length;
}

/** Returns every name that a metric occupies in either exposition format. No two metrics may share one. */
export function claimedNames(name: string, type: MetricType): string[] {
  if (type === 'histogram')
    return ['', '_bucket', '_sum', '_count', '_created'].map((suffix) => name + suffix);
  if (isTotal(name, type)) return [name, familyName(name, type), `${familyName(name, type)}_created`];
  return [name];
}

/** Returns the base unit of a metric, read from the end of its name. */
export function unitOf(name: string, type: MetricType): string | undefined {
  const family = familyName(name, type);
  return BASE_UNITS.find((unit) => family.endsWith(`_${unit}`));
}

/** Returns the advice of the Prometheus naming guide on a metric, with the rules of `promtool check metrics`. */
export function namingAdvice(name: string, type: MetricType, help: string, labelNames: readonly string[]) {
  const advice: string[] = [];
  if (help === '') advice.push('add a help text');
  const better = betterName(name, type);
  if (better !== name && !ASKED_FOR.has(name)) advice.push(`rename it to "${better}"`);
  for (const label of labelNames) {
    const betterLabel = snakeCase(label);
    if (betterLabel !== label) advice.push(`rename its label "${label}" to "${betterLabel}"`);
  }
  return advice;
}

function betterName(name: string, type: MetricType): string {
  let words = snakeCase(name.replaceAll(':', '_')).split('_');
  const total = words.at(-1) === 'total';
  if (total) words = words.slice(0, -1);
  const last = words.at(-1)!;
  const stated = Object.hasOwn(BETTER_UNIT, last) ? BETTER_UNIT[last] : undefined;
  if (stated !== undefined) words = [...words.slice(0, -1), stated];
  if (words.length > 1 && words.at(-1) === type) words = words.slice(0, -1);
  if (type !== 'histogram' && ['bucket', 'sum', 'count'].includes(words.at(-1)!) && words.length > 1) {
    words = words.slice(0, -1);
  }
  return words.join('_') + (type === 'counter' ? '_total' : '');
}

function snakeCase(name: string): string {
  // Most names are in snake case: the test is faster than a replacement, for each name at the start of an application.
  return /[A-Z]/.test(name) ? name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase() : name;
}

function unitsOf(base: string, others: string): Record<string, string> {
  return Object.fromEntries(others.split(' ').map((unit) => [unit, base]));
}
