/** Thrown at start-up for options that cannot work: what was expected, what was got, what to do. */
export class MonitoringOptionsError extends Error {
  override readonly name = 'MonitoringOptionsError';
}

/** @throws {MonitoringOptionsError} if a value is not as expected */
export function expectOption(option: string, value: unknown, expected: string, valid: boolean): void {
  if (valid) return;
  throw new MonitoringOptionsError(
    `Expected ${option} to be ${expected}, got ${textOf(value)} (${typeof value}).`,
  );
}

/** A value for an error message; never throws, though not everything can be made a text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  try {
    return String(value);
  } catch {
    return 'what cannot be shown';
  }
}

/** @throws {MonitoringOptionsError} if the value is no object, or has other keys than these */
export function expectKeys(option: string, value: unknown, keys: readonly string[]): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  expectOption(option, value, 'an object', isObject);
  const unknown = Object.keys(value as object).filter((key) => !keys.includes(key));
  if (unknown.length === 0) return;
  const known = keys.length > 0 ? `only the keys ${keys.join(', ')}` : 'no keys yet';
  throw new MonitoringOptionsError(`Expected ${option} to have ${known}, got ${unknown.join(', ')}.`);
}

/** @throws {MonitoringOptionsError} if the value is given and is no boolean */
export function booleanOf(option: string, value: boolean | undefined, byDefault: boolean): boolean {
  expectOption(option, value, 'true or false', value === undefined || typeof value === 'boolean');
  return value ?? byDefault;
}

/** @throws {MonitoringOptionsError} if the value is given and is no whole number from `least` up */
export function countOf(option: string, value: number | undefined, byDefault: number, least = 1): number {
  const count = value === undefined ? byDefault : value;
  expectOption(option, count, `a whole number from ${least} up`, Number.isInteger(count) && count >= least);
  return count;
}

/** @throws {MonitoringOptionsError} if the value is given and is no number of milliseconds above 0 */
export function durationMsOf(option: string, value: number | undefined, byDefault: number): number {
  const duration = value === undefined ? byDefault : value;
  expectOption(
    option,
    duration,
    'a number of milliseconds above 0',
    typeof duration === 'number' && duration > 0,
  );
  return duration;
}

/** The longest delay that a timer of Node can have: beyond it, it would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** @throws {MonitoringOptionsError} if the value is given and is no number of milliseconds that a timer can wait */
export function intervalMsOf(option: string, value: number | undefined, byDefault: number): number {
  const interval = value === undefined ? byDefault : value;
  expectOption(
    option,
    interval,
    `a number of milliseconds from 1 to ${LONGEST_DELAY_MS}`,
    typeof interval === 'number' && interval >= 1 && interval <= LONGEST_DELAY_MS,
  );
  return interval;
}

/** @throws {MonitoringOptionsError} if the value is given and is no list of numbers; the metric checks their order */
export function bucketsOf(
  option: string,
  value: readonly number[] | undefined,
  byDefault: readonly number[],
): readonly number[] {
  const buckets = value === undefined ? byDefault : value;
  expectOption(option, buckets, 'a list of upper bounds in seconds', Array.isArray(buckets));
  return buckets;
}

/** As {@link expectKeys}, for what may be a secret in the wrong place and must not be shown. */
export function expectSecretKeys(option: string, value: unknown, keys: readonly string[]): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) expectKeys(option, value, keys);
  else throw new MonitoringOptionsError(`Expected ${option} to be an object, got ${kindOf(value)}.`);
}

/**
 * An empty credential would let everybody in, usually because a variable of the environment is not set.
 *
 * @throws {MonitoringOptionsError} that does not show the value
 */
export function expectSecret(option: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new MonitoringOptionsError(
    `Expected ${option} to be a text that is not empty, got ${value === '' ? 'an empty one' : typeof value}. Is the environment variable set that it comes from?`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}

/**
 * Returns the patterns of an option: texts, and regular expressions without the flags `g` and `y`, by which they would
 * remember where they found something last.
 *
 * @param expected the patterns in words, for the error
 * @throws {MonitoringOptionsError} if the value is given and is no such list
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
