import type { Convention } from './conventions.js';

/** Upper bounds that the semantic conventions advise for durations of HTTP requests, in seconds. */
export const HTTP_DURATION_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
/** Upper bounds that the semantic conventions advise for durations of calls, in seconds. */
export const RPC_DURATION_BOUNDS = HTTP_DURATION_BOUNDS;
/** Upper bounds that the semantic conventions advise for durations of database operations, in seconds. */
export const DATABASE_DURATION_BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** Upper bounds that the semantic conventions advise for durations of garbage collections, in seconds. */
export const GC_DURATION_BOUNDS: readonly number[] = [0.01, 0.1, 1, 10];

/** Labels of outgoing requests that only semantic attributes are read from. */
export const OUTGOING_DETAILS = { port: 'port', error: 'error' } as const;
/** The label of `nodejs_eventloop_time_seconds_total`, which exists for the semantic conventions only. */
export const EVENT_LOOP_STATE = 'nodejs_eventloop_state';
/** The label of statements and commands that only semantic attributes are read from. */
export const ERROR_DETAIL = 'error';

/**
 * Returns the upper bounds of a histogram: ours, those that OpenTelemetry advises, or all of them where both names are
 * exposed.
 */
export function boundsFor(
  convention: Convention | undefined,
  own: readonly number[],
  semantic: readonly number[],
): readonly number[] {
  if (convention === 'otel') return semantic;
  if (convention !== 'both') return own;
  return [...new Set([...own, ...semantic])].toSorted((a, b) => a - b);
}
