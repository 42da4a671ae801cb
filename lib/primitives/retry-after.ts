/** The maximum wait that a remote can ask for, in milliseconds: one hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d+(\.\d+)?$/;
/** The three formats of an HTTP date (RFC 9110, 5.6.7); the last one has no time zone. */
const HTTP_DATE =
  /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?(, \d{2}[ -]\w{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT| \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/i;

/**
 * Parses the value of a `Retry-After` header, a number of seconds or an HTTP date.
 *
 * @param now milliseconds since the Unix epoch
 * @returns the time to wait in milliseconds, from 0 to {@link MAX_RETRY_AFTER_MS}; undefined without a valid value
 */
export function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  const ms = SECONDS.test(text) ? Number(text) * 1_000 : dateOf(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

function dateOf(text: string): number {
  if (!HTTP_DATE.test(text)) return NaN;
  return Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`);
}
