import { MAX_TIMER_DELAY_MS, withinTime } from '../../primitives/deadline.js';
import { unref } from '../../primitives/unref.js';

/** The limits of a call of a handler. */
export interface CallLimits {
  /** Time limit, in milliseconds. */
  readonly timeoutMs: number;
  /** Time to return a result after the time limit, in milliseconds. @default 0 */
  readonly graceMs?: number;
  /** Signal that is aborted when the channel is closed. */
  readonly closed: AbortSignal;
}

/**
 * Calls a handler with a signal that is aborted at the time limit, and when the channel is closed.
 *
 * @throws {Error} if the call failed, took too long or was aborted
 */
export async function callHandler(
  call: (signal: AbortSignal) => Promise<void>,
  { timeoutMs, graceMs = 0, closed }: CallLimits,
): Promise<void> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(closed.reason);
  closed.addEventListener('abort', abort, { once: true });
  const limitMs = Math.min(timeoutMs, MAX_TIMER_DELAY_MS - graceMs);
  const timeout = new Error(`timed out after ${limitMs} ms`);
  const timer = unref(setTimeout(() => controller.abort(timeout), limitMs));
  try {
    await withinTime(call(controller.signal), limitMs + graceMs, { signal: closed, background: true });
  } catch (error) {
    // A handler that ends at its signal rejects with an error of its own.
    throw controller.signal.reason === timeout ? timeout : error;
  } finally {
    clearTimeout(timer);
    closed.removeEventListener('abort', abort);
  }
}
