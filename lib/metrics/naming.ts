import { MetricDefinitionError } from './errors.js';

/** What a metric is in the exposition formats; a timer is a histogram there. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Units that OpenMetrics 1.0 and the Prometheus naming guide call base units. */
const BASE_UNITS = ['seconds', 'bytes', 'ratio', 'celsius', 'meters', 'volts', 'amperes', 'joules', 'grams'];
const BETTER_UNIT: Readonly<Record<string, string>> = {
  ...unitsOf('seconds', 'milliseconds microseconds nanoseconds minutes hours days ms us ns sec secs'),
  ...unitsOf('bytes', 'bits kilobytes megabytes gigabytes kibibytes mebibytes gibibytes kb mb gb'),
  ...unitsOf('celsius', 'kelvin fahrenheit'),
};

/**
 * Checks a metric name against the Prometheus data model.
 *
 * @throws {MetricDefinitionError} if it is malformed
 */
export function assertMetricName(name: string): void {
  if (typeof name !== 'string' || !METRIC_NAME.test(name)) {
    throw new MetricDefinitionError(
      `Expected a metric name to match ${METRIC_NAME.source}, got ${JSON.stringify(name)}.`,
    );
  }
}

/**
 * The name of the metric family in OpenMetrics, which a counter has without its `_total`. A counter that is not
 * called `_total` keeps its name there and is of unknown type, so that its samples are named alike in both formats.
 */
export function familyName(name: string, type: MetricType): string {
  return isTotal(name, type) ? name.slice(0, -'_total'.length) : name;
}

/** Whether the metric is a counter as OpenMetrics defines one. */
export function isTotal(name: string, type: MetricType): boolean {
  return type === 'counter' && name.endsWith('_total') && name.length > '_total'.length;
}

/** Every name that a metric takes up in either exposition format; no other metric may take one of them. */
export function claimedNames(name: string, type: MetricType): string[] {
  if (type === 'histogram') return ['', '_bucket', '_sum', '_count', '_created'].map((end) => name + end);
  if (isTotal(name, type)) return [name, familyName(name, type), `${familyName(name, type)}_created`];
  return [name];
}

/** The base unit in which a metric is, read from the end of its name. */
export function unitOf(name: string, type: MetricType): string | undefined {
  const family = familyName(name, type);
  return BASE_UNITS.find((unit) => family.endsWith(`_${unit}`));
}

/**
 * What the Prometheus naming guide would have otherwise, each with the better name; the rules of `promtool check
 * metrics`.
 */
export function namingAdvice(name: string, type: MetricType, help: string, labelNames: readonly string[]) {
  const advice: string[] = [];
  if (help === '') advice.push(`say in its help text what it counts or measures`);
  const better = betterName(name, type);
  if (better !== name) advice.push(`call it "${better}"`);
  for (const label of labelNames) {
    const betterLabel = snakeCase(label);
    if (betterLabel !== label) advice.push(`call its label "${label}" "${betterLabel}"`);
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
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

function unitsOf(base: string, others: string): Record<string, string> {
  return Object.fromEntries(others.split(' ').map((unit) => [unit, base]));
}
