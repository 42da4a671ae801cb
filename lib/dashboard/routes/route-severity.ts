import type { Threshold } from '../views/view-data.js';
import type { RouteChange, RouteFigures, RouteSeverity } from './route-rows.js';

/** The least number of requests of which a share or a percentile says anything. */
const MIN_REQUESTS = 20;
/** The least number of failures for a route to be critical, whatever their share. */
const MIN_FAILURES = 3;
/** The 95th percentile, as a multiple of the one before, from which on a route has become slower. */
const SLOWER_TIMES = 2;
/** The 95th percentile below which nobody waits for a route, in seconds. */
const UNNOTICED_SECONDS = 0.05;

/** The thresholds of the vitals that a single route is measured by. */
export interface RouteThresholds {
  /** Thresholds of the ratio of failed requests, in percent. */
  readonly errorRate: readonly Threshold[];
  /** Thresholds of the response time, in milliseconds. */
  readonly responseTime: readonly Threshold[];
}

/** A severity and, unless all is well, its reason. */
export interface Judgement {
  readonly severity: RouteSeverity;
  readonly reason?: string;
}

/** Judges a route by the thresholds of the application and by the window before. */
export function judge(
  now: RouteFigures,
  before: RouteFigures | undefined,
  change: RouteChange | undefined,
  thresholds: RouteThresholds,
): Judgement {
  return (
    failing(now, thresholds) ?? slow(now, thresholds) ?? slower(now, before, change) ?? { severity: 'ok' }
  );
}

function failing(now: RouteFigures, { errorRate }: RouteThresholds): Judgement | undefined {
  const failures = now.classes['5xx'] ?? 0;
  if (failures === 0) return undefined;
  const limit = exceeded(now.errorPercent, errorRate);
  const share = `${figure(now.errorPercent)} % of ${count(now.requests, 'request')} failed`;
  // A single failure in a quiet minute is no incident.
  if (limit === undefined || failures < MIN_FAILURES) {
    return {
      severity: 'warning',
      reason: `${count(failures, 'request')} of ${figure(now.requests)} failed.`,
    };
  }
  return { severity: severityOf(limit), reason: `${share} (limit ${figure(limit.value)} %).` };
}

function slow(now: RouteFigures, { responseTime }: RouteThresholds): Judgement | undefined {
  if (now.mean === undefined || now.requests < MIN_REQUESTS) return undefined;
  const limit = exceeded(now.mean * 1000, responseTime);
  if (limit === undefined) return undefined;
  const reason = `Requests took ${duration(now.mean)} on average (limit ${duration(limit.value / 1000)}).`;
  return { severity: severityOf(limit), reason };
}

function slower(
  now: RouteFigures,
  before: RouteFigures | undefined,
  change: RouteChange | undefined,
): Judgement | undefined {
  if (change?.p95 === undefined || before?.p95 === undefined || now.p95 === undefined) return undefined;
  if (now.requests < MIN_REQUESTS || before.requests < MIN_REQUESTS) return undefined;
  if (change.p95 < SLOWER_TIMES || now.p95 < UNNOTICED_SECONDS) return undefined;
  const times = figure(change.p95);
  return {
    severity: 'warning',
    reason: `The 95th percentile is ${duration(now.p95)}, ${times} times as long as before (${duration(before.p95)}).`,
  };
}

/** Returns the highest threshold that a value exceeds. */
function exceeded(value: number, thresholds: readonly Threshold[]): Threshold | undefined {
  return thresholds.filter((each) => value > each.value).toSorted((a, b) => b.value - a.value)[0];
}

function severityOf({ severity }: Threshold): RouteSeverity {
  return severity === 'critical' ? 'critical' : 'warning';
}

function count(number: number, noun: string): string {
  return `${figure(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Returns a number with three significant digits. */
function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function duration(seconds: number): string {
  return seconds < 1 ? `${figure(seconds * 1000)} ms` : `${figure(seconds)} s`;
}
