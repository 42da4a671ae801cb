/** The state that all charts share: the range, the events that are drawn into them, and what a selection does. */
export const context = {
  /** Length of the range, in milliseconds. */
  rangeMs: undefined,
  /** End of the range, in milliseconds since the Unix epoch; undefined if it is the last sample. */
  until: undefined,
  isUtc: false,
  /** Time by which the clock of the application is ahead of that of the browser, in milliseconds. */
  aheadMs: 0,
  /** @type {{ at: number, kind: string, severity: string, text: string }[]} */
  events: [],
  /** Called with the start and the end of a selected range, in milliseconds. @type {(from: number, to: number) => void} */
  onSelect: () => undefined,
};

/** A smaller difference of two clocks is left alone: an answer has been on its way for a while. */
const MIN_AHEAD_MS = 60_000;

/**
 * Notes the clock of the application by the header `date` of its response. A proxy sends errors with a clock of its own, and
 * a machine may have slept while it waited for the response.
 *
 * @param {Response} response
 * @param {number} sentAt time of the request by the clock of the browser
 */
export function noteClock({ ok, headers }, sentAt) {
  const now = Date.now();
  if (!ok || now - sentAt >= MIN_AHEAD_MS) return;
  const ahead = Date.parse(headers.get('date')) - now;
  if (!Number.isNaN(ahead)) context.aheadMs = Math.abs(ahead) < MIN_AHEAD_MS ? 0 : ahead;
}

/** Returns the time by the clock of the application, which all times on the page are from. */
export function applicationTime() {
  return Date.now() + context.aheadMs;
}

/** Returns the options of a date format in the time zone that is chosen. */
export function zone() {
  return context.isUtc ? { timeZone: 'UTC' } : {};
}
