import type { RangeSeries } from '../query/range-query.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import { rounded } from './rounding.js';

/** How one endpoint did in a window. */
export interface EndpointRow {
  readonly method: string;
  readonly route: string;
  /** On average over `windowMs`. */
  readonly perSecond: number;
  /** The window, in milliseconds: what was asked for, or as much of it as is covered right after the start. */
  readonly windowMs: number;
  /** Share of the answers that were 5xx, from 0 to 100. */
  readonly errorPercent: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** How many answers there were, by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const BY_ENDPOINT = ['method', 'route'] as const;
const REQUESTS = 'http_requests_total';
const DURATION = 'http_request_duration_seconds';
const QUANTILES = [0.5, 0.95, 0.99];

/** Reads every endpoint that was asked in the window; yields after each small step. */
export function* endpointRows(
  history: MetricsHistory,
  rangeMs: number,
): Generator<void, EndpointRow[], void> {
  const windowMs = history.coveredMs(REQUESTS, rangeMs);
  const moments = history.lastSample === undefined || windowMs === 0 ? [] : [history.lastSample];
  const counts = yield* history.queryRange(REQUESTS, 'increase', windowMs, moments, {
    groupBy: [...BY_ENDPOINT, 'status_code'],
  });
  const percentiles = yield* history.queryRange(DURATION, { quantiles: QUANTILES }, windowMs, moments, {
    groupBy: BY_ENDPOINT,
  });
  const percentilesOf = yield* byEndpoint(percentiles);
  const rows: EndpointRow[] = [];
  for (const [key, answers] of yield* byEndpoint(counts)) {
    rows.push(rowOf(answers, percentilesOf.get(key) ?? [], windowMs));
    yield;
  }
  return rows;
}

function* byEndpoint(courses: readonly RangeSeries[]): Generator<void, Map<string, RangeSeries[]>, void> {
  const found = new Map<string, RangeSeries[]>();
  for (const course of courses) {
    const key = keyOf(course.labels);
    const others = found.get(key);
    if (others === undefined) found.set(key, [course]);
    else others.push(course);
    yield;
  }
  return found;
}

function rowOf(
  answers: readonly RangeSeries[],
  percentiles: readonly RangeSeries[],
  windowMs: number,
): EndpointRow {
  const { method = '', route = '' } = answers[0].labels;
  const all = sumOf(answers);
  const failed = sumOf(answers.filter(({ labels }) => labels['status_code']?.startsWith('5')));
  const [p50, p95, p99] = QUANTILES.map((q) => percentiles.find(({ quantile }) => quantile === q)?.values[0]);
  return {
    method,
    route,
    perSecond: rounded(all / (windowMs / 1000)),
    windowMs,
    errorPercent: all === 0 ? 0 : rounded((failed / all) * 100),
    ...(p50 !== undefined && { p50: rounded(p50) }),
    ...(p95 !== undefined && { p95: rounded(p95) }),
    ...(p99 !== undefined && { p99: rounded(p99) }),
    statuses: Object.fromEntries(
      answers.map(({ labels, values }) => [labels['status_code'], Math.round(values[0])]),
    ),
  };
}

/** No separator can make two endpoints one. */
function keyOf({ method, route }: Readonly<Record<string, string>>): string {
  return JSON.stringify([method, route]);
}

function sumOf(courses: readonly RangeSeries[]): number {
  return courses.reduce((sum, { values }) => sum + values[0], 0);
}
