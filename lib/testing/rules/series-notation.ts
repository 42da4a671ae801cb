import { MonitoringOptionsError } from '../../options/option-checks.js';

/** The value of a step without a sample. */
export const MISSING = 'missing';
/** The value of a step at which the series ended. */
export const STALE = 'stale';
export type NotationValue = number | typeof MISSING | typeof STALE;

/** A series in the notation of promtool tests. */
export interface NotationSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly NotationValue[];
  /** The indices of the values before which the series was created, in ascending order. */
  readonly creations: readonly number[];
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?$/s;
const LABEL = String.raw`\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)`;
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const STEPS = new RegExp(`^(${NUMBER})(?:([+-])(\\d+\\.?\\d*|\\.\\d+))?(?:x(\\d+))?$`, 'i');

/**
 * Parses a series in the notation of promtool: `1 2 3`, `0+10x3` for 0 10 20 30, `5x2` for 5 5 5, `_` and `_x3` for
 * missing samples, `stale` for the end of the series. As an extension, `created` marks the creation of the series
 * between two samples: it counts from zero there. Without it, the series exists before the test.
 *
 * @throws {MonitoringOptionsError} for invalid notation
 */
export function readSeries(name: string, values: string): NotationSeries {
  const parts = SERIES.exec(name.trim());
  const metric = parts?.[1];
  if (metric === undefined)
    throw notationError(name, 'a metric with labels, such as http_requests_total{method="GET"}');
  return { metric, labels: readLabels(name, parts?.[2] ?? ''), ...readSamples(values) };
}

function readSamples(text: string): Pick<NotationSeries, 'values' | 'creations'> {
  const values: NotationValue[] = [];
  const creations: number[] = [];
  for (const word of text.trim().split(/\s+/)) {
    if (word === 'created') creations.push(values.length);
    else for (const value of readValues(word)) values.push(value);
  }
  for (const index of creations) {
    if (typeof values[index] !== 'number')
      throw notationError(text, 'written with a number after each `created`');
  }
  return { values, creations };
}

function readLabels(name: string, text: string): Record<string, string> {
  const found = [...text.matchAll(new RegExp(LABEL, 'gy'))];
  if (found.map(([whole]) => whole).join('') !== text)
    throw notationError(name, 'a metric with labels in double quotes');
  return Object.fromEntries(
    found.map(([, label = '', value = '""']) => [label, JSON.parse(value) as string]),
  );
}

function readValues(word: string): NotationValue[] {
  if (word === 'stale') return [STALE];
  const missing = /^_(?:x(\d+))?$/.exec(word);
  if (missing !== null) return Array.from({ length: Number(missing[1] ?? 1) }, () => MISSING);
  const [, first, sign, step, times] = STEPS.exec(word) ?? [];
  if (first === undefined || (step !== undefined && times === undefined)) {
    throw notationError(
      word,
      'written with finite numbers such as 1, 0+10x3 or 5x2, or with _, stale or created',
    );
  }
  const by = Number(step ?? 0) * (sign === '-' ? -1 : 1);
  return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => Number(first) + i * by);
}

function notationError(given: string, expected: string): MonitoringOptionsError {
  return new MonitoringOptionsError(`A series of the test must be ${expected}; got "${given}".`);
}
