import { finiteOrZero } from '../rounding.js';

/** The requests of a route in a window. */
interface Requests {
  readonly method: string;
  readonly route: string;
  readonly requests: number;
  readonly failures: number;
}

/** Share of the requests of a route from which on its failures are a warning, or critical, from 0 to 1. */
const WARNING_SHARE = 0.02;
const CRITICAL_SHARE = 0.1;
/** The part of the share of the last minutes that belongs to the same failures, and the least share that does. */
const SAME_FAILURES = 0.25;
export const LEAST_SHARE = WARNING_SHARE / 2;
/** The failures that are expected in a time without any, from which on the failures before it are over. */
const SURE_FAILURES = 3;

function levelOf(share: number): 'warning' | 'critical' | undefined {
  if (share >= CRITICAL_SHARE) return 'critical';
  return share >= WARNING_SHARE ? 'warning' : undefined;
}

function shareOf({ failures, requests }: Pick<Requests, 'requests' | 'failures'>): number {
  return failures / requests;
}

/**
 * Returns the severity of the failures of a route: by the share of all requests since they began, or of the requests in the
 * last minutes if that is larger. Undefined if neither is worth a word.
 *
 * @param recent the requests of all routes in the last minutes
 */
export function severityOf(
  { method, route, share }: { readonly method: string; readonly route: string; readonly share: number },
  recent: readonly Requests[],
): 'warning' | 'critical' | undefined {
  const own = recent.find((each) => each.method === method && each.route === route);
  return levelOf(own === undefined ? share : Math.max(share, shareOf(own)));
}

/** Compares routes: those that fail by a share that is worth a word come first. */
export function byShareOfFailures(a: Requests, b: Requests): number {
  return Number(levelOf(shareOf(b)) !== undefined) - Number(levelOf(shareOf(a)) !== undefined);
}

/**
 * Returns the least share of the requests of a step that must fail in it, from 0 to 1, so that these failures belong to those
 * that a route has in the last minutes. If it fails by a share that is worth a word, smaller shares before or after do not
 * belong to it: a few failures all day are not the start of many.
 */
export function leastShareOf(recent: Requests): number {
  const share = shareOf(recent);
  return levelOf(share) === undefined ? 0 : Math.max(LEAST_SHARE, SAME_FAILURES * share);
}

/**
 * Returns true for each step in which at least a share of the requests fails, oldest first.
 *
 * @param failed number of the failed requests of each step; NaN where it is unknown
 * @param total number of all requests of each step; NaN where it is unknown
 * @param leastShare from 0 to 1; with 0, one failure is enough
 * @param length number of steps, from each one on or up to it, in which the share must be as large, too: of few requests, a
 *   single failure is a large share of one step, but not of several. What comes after the last failures does not undo them.
 */
export function failingSteps(
  failed: readonly number[],
  total: readonly number[],
  leastShare: number,
  length: number,
): boolean[] {
  const isFailing = (from: number, to: number): boolean => {
    const failures = sumOf(failed.slice(from, to));
    return failures > 0 && failures >= leastShare * sumOf(total.slice(from, to));
  };
  /** Returns true if a step is not the first one with failures, and the share up to it is as large. */
  const isLater = (i: number): boolean => {
    const from = Math.max(0, i + 1 - length);
    return sumOf(failed.slice(from, i)) > 0 && isFailing(from, i + 1);
  };
  return failed.map((_, i) => isFailing(i, i + 1) && (isFailing(i, i + length) || isLater(i)));
}

/**
 * Returns true if so many requests came after failures that some of them would have failed, too, and if those that did are
 * not worth a word.
 *
 * @param share share of the requests that failed before, from 0 to 1
 * @param sure the requests after them without those of which some may be from before; all by default
 */
export function areOver(
  share: number,
  after: Pick<Requests, 'requests' | 'failures'>,
  sure: Pick<Requests, 'requests' | 'failures'> = after,
): boolean {
  return after.requests * share >= SURE_FAILURES && levelOf(shareOf(sure)) === undefined;
}

/** Returns the sum of the values that are known. */
export function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + finiteOrZero(value), 0);
}
