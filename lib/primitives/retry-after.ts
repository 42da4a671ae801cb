/** No remote is left alone for longer than this, whatever it asks for: an hour, in milliseconds. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d+(\.\d+)?$/;
/** The three forms of a date in HTTP (RFC 9110, 5.6.7); the last of them names no time zone. */
const HTTP_DATE =
  /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?(, \d{2}[ -]\w{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT| \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/i;

/**
 * Reads the value of `Retry-After`, which is a number of seconds or a date of HTTP.
 *
 * @param now milliseconds since the Unix epoch
 * @returns the milliseconds to wait, from 0 to {@link LONGEST_RETRY_AFTER_MS}; undefined without a value that says so
 */
export function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  const ms = SECONDS.test(text) ? Number(text) * 1_000 : dateOf(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

function dateOf(text: string): number {
  if (!HTTP_DATE.test(text)) return NaN;
  return Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`);
}
