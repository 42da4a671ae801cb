import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';
import { escapeControls } from '../primitives/escape-controls.js';
import { nearestName } from '../primitives/nearest-name.js';
import { redactOption } from '../primitives/redact.js';

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
 * Returns the description of a member of an option for error messages: the member `metric` of
 * `condition of the alert rule "x"` is `condition.metric of the alert rule "x"`.
 */
export function optionOf(owner: string, key: string): string {
  const [, path, rest] = OPTION_OF.exec(owner) ?? [];
  if (path === undefined) return `${key} of ${owner}`;
  return `${path}${key.startsWith('[') ? '' : '.'}${key} of ${rest}`;
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

/** Returns true for an object of the application, which is not one of JavaScript's own kinds such as a map or a date. */
function isObjectOfOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isPromise(value)) return false;
  return !BUILT_IN_KINDS.has(kindOf(value));
}

/** Objects that have no keys of their own: as options, they would be the defaults without a word. */
const BUILT_IN_KINDS: ReadonlySet<string> = new Set([
  'Array',
  'ArrayBuffer',
  'Boolean',
  'Date',
  'Error',
  'FormData',
  'Headers',
  'Map',
  'Number',
  'Promise',
  'RegExp',
  'Set',
  'String',
  'URL',
  'URLSearchParams',
  'WeakMap',
  'WeakSet',
]);

/** Returns the kind of an object by its name in JavaScript, such as `Map`. */
function kindOf(value: object): string {
  // A proxy of the application may refuse to be looked at.
  const text = quietly(() => Object.prototype.toString.call(value));
  return text?.slice('[object '.length, -1) ?? 'Object';
}

function isPromise(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return quietly(() => typeof (value as { then?: unknown }).then === 'function') === true;
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function awaitHint(value: unknown): string {
  return isPromise(value) ? ' Await it, or use MonitoringModule.forRootAsync().' : '';
}

/** Returns a value in words. A string is not shown, since it may be a secret in the wrong place, except for a boolean as one. */
function describeUnshown(value: unknown): string {
  return typeof value === 'string' && !isBooleanText(value) ? 'a string' : describeValue(value);
}

function isBooleanText(value: unknown): boolean {
  return value === 'true' || value === 'false';
}

/** Returns what to do about a text where a number or a boolean belongs: environment variables are texts. */
function conversionHint(value: unknown, expected: string): string {
  if (typeof value !== 'string') return '';
  if (isBooleanText(value)) return /\btrue\b/.test(expected) ? " Convert it: `value === 'true'`." : '';
  const isNumeric = value.trim() !== '' && Number.isFinite(Number(value));
  return isNumeric && /\b(?:number|port|status)\b/.test(expected) ? ' Convert it: `Number(value)`.' : '';
}

function knownKeys(keys: readonly string[]): string {
  return `Known keys: ${keys.join(', ')}.`;
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
    `Unknown ${unknown.length === 1 ? 'key' : 'keys'} ${names} in ${quoted(option)}. ${known}${hint}`,
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
      `\`${key}\` in ${quoted(option)} must be a string; got ${describeType(text)}.`,
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

/** Maximum length of a value in an error message, in characters. */
const MAX_SHOWN_LENGTH = 200;

/**
 * Returns a value in words, without the credentials of a URL. Never throws: a value may be impossible to convert to a
 * string.
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    const shown = escapeControls(redactOption(value));
    return `the string "${shown.length > MAX_SHOWN_LENGTH ? `${shown.slice(0, MAX_SHOWN_LENGTH)}…` : shown}"`;
  }
  const isPlain = value === null || ['number', 'bigint', 'boolean', 'undefined'].includes(typeof value);
  return isPlain ? String(value) : describeType(value);
}

function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function' && isClass(value)) return `the class ${value.name}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isPromise(value)) return 'a Promise';
  const kind = kindOf(value);
  if (!BUILT_IN_KINDS.has(kind)) return 'an object';
  return `${/^[AE]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** Returns true for a class, which cannot be called as a function. */
export function isClass(value: unknown): value is abstract new (...args: never[]) => unknown {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
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
