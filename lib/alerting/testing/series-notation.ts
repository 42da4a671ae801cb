import { MonitoringOptionsError } from '../../options/option-checks.js';

/** No sample was taken. */
export const MISSING = 'missing';
/** The series ended. */
export const STALE = 'stale';
export type NotedValue = number | typeof MISSING | typeof STALE;

/** A series as it is written in tests of promtool. */
export interface NotedSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly NotedValue[];
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?$/s;
const LABEL = String.raw`\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)`;
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const STEPS = new RegExp(`^(${NUMBER})(?:([+-])(\\d+\\.?\\d*|\\.\\d+))?(?:x(\\d+))?$`, 'i');

/**
 * Reads a series in the notation of promtool: `1 2 3`, `0+10x3` for 0 10 20 30, `5x2` for 5 5 5, `_` and `_x3` for
 * samples that were missed, `stale` for a series that ended.
 *
 * @throws {MonitoringOptionsError} for what cannot be read
 */
export function readSeries(name: string, values: string): NotedSeries {
  const parts = SERIES.exec(name.trim());
  const metric = parts?.[1];
  if (metric === undefined)
    throw refusal(name, 'a metric with labels, such as http_requests_total{method="GET"}');
  return {
    metric,
    labels: readLabels(name, parts?.[2] ?? ''),
    values: values.trim().split(/\s+/).flatMap(readValues),
  };
}

function readLabels(name: string, text: string): Record<string, string> {
  const found = [...text.matchAll(new RegExp(LABEL, 'g'))];
  if (found.map(([whole]) => whole).join('') !== text)
    throw refusal(name, 'a metric with labels in double quotes');
  return Object.fromEntries(found.map(([, label, value]) => [label, JSON.parse(value) as string]));
}

function readValues(word: string): NotedValue[] {
  if (word === 'stale') return [STALE];
  const missing = /^_(?:x(\d+))?$/.exec(word);
  if (missing !== null) return Array.from({ length: Number(missing[1] ?? 1) }, () => MISSING);
  const [, first, sign, step, times] = STEPS.exec(word) ?? [];
  if (first === undefined || (step !== undefined && times === undefined)) {
    throw refusal(word, 'finite numbers such as 1, 0+10x3 or 5x2, or _ or stale');
  }
  const by = Number(step ?? 0) * (sign === '-' ? -1 : 1);
  return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => Number(first) + i * by);
}

function refusal(got: string, expected: string): MonitoringOptionsError {
  return new MonitoringOptionsError(`Expected the series of the test to be ${expected}, got "${got}".`);
}
