import type { RouteTraffic } from './traffic.js';

/** Share of the requests of a route from which on its failures are a warning, or critical, from 0 to 1. */
export const WARNING_SHARE = 0.02;
export const CRITICAL_SHARE = 0.1;
/** Share of the requests up to which failures before or after those of a route that fails much do not belong to them. */
const BACKGROUND_SHARE = WARNING_SHARE / 2;

/** Returns true if a route fails by a share that is worth a word. */
function failsMuch({ failures, requests }: RouteTraffic): boolean {
  return failures >= WARNING_SHARE * requests;
}

/** Compares routes: those that fail by a share that is worth a word come first. */
export function byShareOfFailures(a: RouteTraffic, b: RouteTraffic): number {
  return Number(failsMuch(b)) - Number(failsMuch(a));
}

/**
 * Returns the share of the requests of some time from which on their failures are among those that a route has now, from 0
 * to 1. A few failures all day long are not the start of many.
 */
export function leastShareOf(route: RouteTraffic): number {
  return failsMuch(route) ? BACKGROUND_SHARE : 0;
}
