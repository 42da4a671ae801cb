import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';
import { nearestName } from '../primitives/nearest-name.js';
import {
  awaitHint,
  conversionHint,
  describeType,
  describeUnshown,
  describeValue,
  isObjectOfOptions,
  quotedOption,
  subjectOf,
} from './option-descriptions.js';

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
  throw optionError(
    option,
    `must be ${expected}; got ${describeValue(value)}.${conversionHint(value, expected)}`,
  );
}

/**
 * Checks the value of an option that may be a secret, or that is too large to show. The error has its type only.
 *
 * @param expected the valid values in words, to follow "must be"
 * @throws {MonitoringOptionsError} unless the value is valid
 */
export function expectUnshown(option: string, value: unknown, expected: string, valid: boolean): void {
  if (valid) return;
  throw optionError(option, `must be ${expected}; got ${describeType(value)}.`);
}

/**
 * Checks that an option is a list of valid items. The error names the first invalid one.
 *
 * @param expected the valid lists in words, to follow "must be"
 * @throws {MonitoringOptionsError}
 */
export function expectList(
  option: string,
  value: unknown,
  expected: string,
  isItem: (item: unknown) => boolean,
): void {
  expectOption(option, value, expected, Array.isArray(value));
  const items = value as readonly unknown[];
  const wrong = items.findIndex((item) => !isItem(item));
  if (wrong < 0) return;
  throw optionError(option, `must be ${expected}; got ${describeValue(items[wrong])} at [${wrong}].`);
}

/** Returns the error of an option: its description as the subject, followed by the predicate. */
export function optionError(option: string, predicate: string): MonitoringOptionsError {
  return new MonitoringOptionsError(`${subjectOf(option)} ${predicate}`);
}

/**
 * Checks that an option is an object. The error does not show a string, which may be a secret in the wrong place.
 *
 * @param keys those that the object may have, which the error names
 * @throws {MonitoringOptionsError}
 */
export function expectObject(option: string, value: unknown, keys: readonly string[] = []): void {
  if (isObjectOfOptions(value)) return;
  const known = keys.length > 0 ? ` ${knownKeys(keys)}` : '';
  throw optionError(option, `must be an object; got ${describeUnshown(value)}.${awaitHint(value)}${known}`);
}

/**
 * Checks that an option is an object of options, or a boolean instead. The error does not show a string, which may be a
 * secret in the wrong place.
 *
 * @param takesTrue false if some of the options have no default, so that `true` says too little
 * @throws {MonitoringOptionsError} unless it is one of them, or undefined
 */
export function expectSwitch(option: string, value: unknown, takesTrue = true): void {
  if (value === undefined || value === false || (takesTrue && value === true)) return;
  if (isObjectOfOptions(value)) return;
  const expected = takesTrue
    ? 'true, false or an object of options'
    : 'an object of options, or false to turn it off';
  throw optionError(
    option,
    `must be ${expected}; got ${describeUnshown(value)}.${awaitHint(value)}${conversionHint(value, expected)}`,
  );
}

/** Returns the options that a switch was given, of which `true` is the same as none. */
export function switchedOptions<V>(given: V | true): V {
  return given === true ? ({} as V) : given;
}

/**
 * Checks that an option is an object with no other keys than these.
 *
 * @param placeOf returns the path of the option that an unknown key is elsewhere
 * @throws {MonitoringOptionsError}
 */
export function expectKeys(
  option: string,
  value: unknown,
  keys: readonly string[],
  placeOf: (key: string) => string | undefined = () => undefined,
): void {
  expectObject(option, value, keys);
  const unknown = Object.keys(value as object).filter((key) => !keys.includes(key));
  const [first] = unknown;
  if (first === undefined) return;
  const names = unknown.map((key) => `\`${key}\``).join(', ');
  const known = keys.length > 0 ? knownKeys(keys) : 'It has no keys yet.';
  const nearest = placeOf(first) ?? nearestName(first, keys);
  const hint = nearest === undefined ? '' : ` Did you mean \`${nearest}\`?`;
  throw new MonitoringOptionsError(
    `Unknown ${unknown.length === 1 ? 'key' : 'keys'} ${names} in ${quotedOption(option)}. ${known}${hint}`,
  );
}

/**
 * Checks that an option is an object of strings, such as headers. The error does not show the values, which may be
 * secrets.
 *
 * @throws {MonitoringOptionsError}
 */
export function expectStrings(option: string, value: unknown): void {
  expectObject(option, value);
  for (const [key, text] of Object.entries(value as object)) {
    if (typeof text === 'string') continue;
    throw new MonitoringOptionsError(
      `\`${key}\` in ${quotedOption(option)} must be a string; got ${describeType(text)}.`,
    );
  }
}

/**
 * Checks an optional string.
 *
 * @throws {MonitoringOptionsError} if the value is neither a string nor undefined
 */
export function optionalString(option: string, value: unknown): void {
  expectOption(option, value, 'a string', value === undefined || typeof value === 'string');
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
  const valid = Number.isInteger(count) && count >= min;
  expectOption(option, count, `a whole number of at least ${min}`, valid);
  return count;
}

/**
 * Returns an option that is a duration in milliseconds, or its default.
 *
 * @throws {MonitoringOptionsError} if the value is not a number above 0
 */
export function durationMsOf(option: string, value: number | undefined, defaultValue: number): number {
  const duration = value === undefined ? defaultValue : value;
  expectOption(option, duration, 'a number of milliseconds above 0', isDuration(duration));
  return duration;
}

/** Returns true for a number of milliseconds above 0, which may be infinite. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
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
 * @throws {MonitoringOptionsError} if the value is not a list of numbers
 */
export function bucketsOf(
  option: string,
  value: readonly number[] | undefined,
  defaultValue: readonly number[],
): readonly number[] {
  const buckets = value === undefined ? defaultValue : value;
  expectList(option, buckets, 'a list of upper bounds in seconds', isNumber);
  return buckets;
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && !Number.isNaN(value);
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
  expectList(option, value, expected, (pattern) => typeof pattern === 'string' || pattern instanceof RegExp);
  return value.map((pattern) =>
    typeof pattern === 'string' ? pattern : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')),
  );
}

/**
 * Checks that a decorator is on a class.
 *
 * @param place arguments of the decorator after the first, which name the member or the parameter that it is on
 * @throws {MonitoringOptionsError}
 */
export function expectClass(decorator: string, target: unknown, place: readonly unknown[]): void {
  const isOnMember = place.some((argument) => argument !== undefined && typeof argument !== 'object');
  if (typeof target === 'function' && !isOnMember) return;
  const member = place[0] === undefined ? 'a parameter' : `the member ${String(place[0])}`;
  throw new MonitoringOptionsError(`${decorator} must be on a class; got ${member}.`);
}

function knownKeys(keys: readonly string[]): string {
  return `Known keys: ${keys.join(', ')}.`;
}
