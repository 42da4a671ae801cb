/**
 * Resolves in the next turn of the event loop, which it keeps alive until then: an idle loop would run an immediate that
 * keeps nothing alive only when something else happens.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
