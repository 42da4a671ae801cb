import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';

/** An option and its owner, such as `condition.all[0] of the alert rule "x"`. */
const OPTION_OF = /^([\w$.[\]]+) of (.*)$/s;

/** An error in the options of this library, thrown at start-up. It names the option, the value and the remedy. */
export class MonitoringOptionsError extends Error {
  override readonly name = 'MonitoringOptionsError';
}

/**
 * Checks the value of an option.
 *
 * @param expected the valid values in words, to follow "must be"
 * @throws {MonitoringOptionsError} unless the value is valid
 */
export function expectOption(option: string, value: unknown, expected: string, valid: boolean): void {
  if (valid) return;
  throw optionError(option, `must be ${expected}; got ${describeValue(value)}.`);
}

/** Returns the error of an option: its description as the subject, followed by the predicate. */
export function optionError(option: string, predicate: string): MonitoringOptionsError {
  return new MonitoringOptionsError(`${subjectOf(option)} ${predicate}`);
}

/**
 * Returns the description of a member of an option for error messages: the member `metric` of
 * `condition of the alert rule "x"` is `condition.metric of the alert rule "x"`.
 */
export function optionOf(owner: string, key: string): string {
  const [, path, rest] = OPTION_OF.exec(owner) ?? [];
  if (path === undefined) return `${key} of ${owner}`;
  return `${path}${key.startsWith('[') ? '' : '.'}${key} of ${rest}`;
}

/**
 * Checks that an option is an object with no other keys than these.
 *
 * @throws {MonitoringOptionsError}
 */
export function expectKeys(option: string, value: unknown, keys: readonly string[]): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  expectOption(option, value, 'an object', isObject);
  const unknown = Object.keys(value as object).filter((key) => !keys.includes(key));
  if (unknown.length === 0) return;
  const names = unknown.map((key) => `\`${key}\``).join(', ');
  const known = keys.length > 0 ? `Known keys: ${keys.join(', ')}.` : 'It has no keys yet.';
  throw new MonitoringOptionsError(
    `Unknown ${unknown.length === 1 ? 'key' : 'keys'} ${names} in ${quoted(option)}. ${known}`,
  );
}

/**
 * Returns a boolean option, or its default.
 *
 * @throws {MonitoringOptionsError} if the value is neither a boolean nor undefined
 */
export function booleanOf(option: string, value: boolean | undefined, defaultValue: boolean): boolean {
  expectOption(option, value, 'true or false', value === undefined || typeof value === 'boolean');
  return value ?? defaultValue;
}

/**
 * Returns an option that is a whole number, or its default.
 *
 * @throws {MonitoringOptionsError} if the value is not a whole number of at least `min`
 */
export function countOf(option: string, value: number | undefined, defaultValue: number, min = 1): number {
  const count = value === undefined ? defaultValue : value;
  expectOption(option, count, `a whole number of at least ${min}`, Number.isInteger(count) && count >= min);
  return count;
}

/**
 * Returns an option that is a duration in milliseconds, or its default.
 *
 * @throws {MonitoringOptionsError} if the value is not a number above 0
 */
export function durationMsOf(option: string, value: number | undefined, defaultValue: number): number {
  const duration = value === undefined ? defaultValue : value;
  expectOption(
    option,
    duration,
    'a number of milliseconds above 0',
    typeof duration === 'number' && duration > 0,
  );
  return duration;
}

/**
 * Returns an option that is the delay of a timer in milliseconds, or its default.
 *
 * @throws {MonitoringOptionsError} if the value is not a delay that a Node.js timer supports
 */
export function intervalMsOf(option: string, value: number | undefined, defaultValue: number): number {
  const interval = value === undefined ? defaultValue : value;
  expectOption(
    option,
    interval,
    `a number of milliseconds from 1 to ${MAX_TIMER_DELAY_MS}`,
    typeof interval === 'number' && interval >= 1 && interval <= MAX_TIMER_DELAY_MS,
  );
  return interval;
}

/**
 * Returns an option that is a list of bucket bounds, or its default. The histogram checks their order.
 *
 * @throws {MonitoringOptionsError} if the value is not an array
 */
export function bucketsOf(
  option: string,
  value: readonly number[] | undefined,
  defaultValue: readonly number[],
): readonly number[] {
  const buckets = value === undefined ? defaultValue : value;
  expectOption(option, buckets, 'a list of upper bounds in seconds', Array.isArray(buckets));
  return buckets;
}

/**
 * Checks the keys of an object that holds secrets, as {@link expectKeys} does. The error does not show the value, which
 * may be a secret in the wrong place.
 *
 * @throws {MonitoringOptionsError}
 */
export function expectSecretKeys(option: string, value: unknown, keys: readonly string[]): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) expectKeys(option, value, keys);
  else throw optionError(option, `must be an object; got ${describeType(value)}.`);
}

/**
 * Checks that a secret is a non-empty string: an empty credential would grant access to everybody.
 *
 * @throws {MonitoringOptionsError} an error that does not show the value
 */
export function expectSecret(option: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw optionError(
    option,
    `must be a non-empty string; got ${value === '' ? 'an empty one' : describeType(value)}. Check that the environment variable it is read from is set.`,
  );
}

/**
 * Returns the patterns of an option. Removes the flags `g` and `y` from regular expressions, since they make a match
 * depend on the previous one.
 *
 * @param expected the patterns in words, to follow "must be"
 * @throws {MonitoringOptionsError} if the value is not a list of strings and regular expressions
 */
export function patternsOf(
  option: string,
  value: readonly (string | RegExp)[] = [],
  expected: string,
): readonly (string | RegExp)[] {
  const valid =
    Array.isArray(value) &&
    value.every((pattern) => typeof pattern === 'string' || pattern instanceof RegExp);
  expectOption(option, value, expected, valid);
  return value.map((pattern) =>
    typeof pattern === 'string' ? pattern : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')),
  );
}

/** Returns an option at the start of a sentence. */
function subjectOf(option: string): string {
  const text = quoted(option);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns an option with its path as code: `a.b`, or `a` of something. */
function quoted(option: string): string {
  return option
    .replace(/^(the options of \w+)\.(.+)$/, '$2 of $1')
    .replace(/^[\w$]+(?:\.[\w$]+|\[\d+\])*(?= of |$)/, '`$&`');
}

/** Returns a value in words. Never throws: a value may be impossible to convert to a string. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `the string "${value}"`;
  const isPlain = value === null || ['number', 'bigint', 'boolean', 'undefined'].includes(typeof value);
  return isPlain ? String(value) : describeType(value);
}

function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
