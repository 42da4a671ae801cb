import { isDuration } from '../options/option-checks.js';
import { ApiError } from './dashboard-api.endpoints.js';
import type { TimeRange } from './views/time-range.js';

const DEFAULT_RANGE_MS = 900_000;
const MAX_RANGE_MS = 24 * 3_600_000;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
/** The longest text that is searched for, in UTF-16 code units. */
const MAX_TEXT = 200;

/** Returns the requested range, rounded to whole sampling intervals, so that similar ranges share a response. */
function roundedRange(query: URLSearchParams, intervalMs: number): number {
  const range = Number(query.get('range') ?? DEFAULT_RANGE_MS);
  if (!isDuration(range) || range === Infinity) {
    throw new ApiError(400, '`range` must be a finite number of milliseconds above 0.');
  }
  const intervals = Math.max(1, Math.round(Math.min(range, MAX_RANGE_MS) / intervalMs));
  return intervals * intervalMs;
}

/** Returns the requested range: `range` milliseconds up to `until`, and with `compare` the range before it. */
export function timeRange(query: URLSearchParams, intervalMs: number): TimeRange {
  const rangeMs = roundedRange(query, intervalMs);
  const text = query.get('until');
  const until = Number(text);
  if (text !== null && !(Number.isFinite(until) && until > 0)) {
    throw new ApiError(400, '`until` must be a time in milliseconds since the Unix epoch.');
  }
  return {
    rangeMs,
    ...(text !== null && { until: Math.round(until / intervalMs) * intervalMs }),
    ...(query.has('compare') && { isCompared: true }),
  };
}

/** Returns the requested number of items. @throws {ApiError} */
export function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new ApiError(400, `\`limit\` must be a whole number from 1 to ${MAX_LIMIT}.`);
  }
  return limit;
}

/** Returns a parameter that has one of several values. @throws {ApiError} */
export function oneOf<T extends string>(
  query: URLSearchParams,
  name: string,
  values: readonly T[],
  otherwise: T,
): T {
  const given = query.get(name);
  if (given === null) return otherwise;
  const found = values.find((value) => value === given);
  if (found === undefined) throw new ApiError(400, `\`${name}\` must be one of ${values.join(', ')}.`);
  return found;
}

/** Returns a text that is searched for. @throws {ApiError} */
export function textOf(query: URLSearchParams, name: string): string {
  const text = (query.get(name) ?? '').trim();
  if (text.length > MAX_TEXT)
    throw new ApiError(400, `\`${name}\` must have at most ${MAX_TEXT} characters.`);
  return text;
}
