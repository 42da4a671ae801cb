import { escapeControls } from '../primitives/escape-controls.js';
import { redactOption } from '../primitives/redact.js';

/** An option and its owner, such as `condition.all[0] of the alert rule "x"`. */
const OPTION_OF = /^([\w$.[\]]+) of (.*)$/s;

/** Maximum length of a value in an error message, in characters. */
const MAX_SHOWN_LENGTH = 200;

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

/**
 * Returns the description of a member of an option for error messages: the member `metric` of
 * `condition of the alert rule "x"` is `condition.metric of the alert rule "x"`.
 */
export function optionOf(owner: string, key: string): string {
  const [, path, rest] = OPTION_OF.exec(owner) ?? [];
  if (path === undefined) return `${key} of ${owner}`;
  return `${path}${key.startsWith('[') ? '' : '.'}${key} of ${rest}`;
}

/** Returns an option with its path as code: `a.b`, or `a` of something. */
export function quotedOption(option: string): string {
  return option
    .replace(/^(the options of \w+)\.(.+)$/, '$2 of $1')
    .replace(/^[\w$]+(?:\.[\w$]+|\[\d+\])*(?= of |$)/, '`$&`');
}

/** Returns an option at the start of a sentence, otherwise as {@link quotedOption} does. */
export function subjectOf(option: string): string {
  const text = quotedOption(option);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

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

/** Returns a value in words. A string is not shown, since it may be a secret in the wrong place, except for a boolean as one. */
export function describeUnshown(value: unknown): string {
  return typeof value === 'string' && !isBooleanText(value) ? 'a string' : describeValue(value);
}

/** Returns the type of a value in words, for a value that may be a secret or that is too large to show. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  // A proxy may be revoked, and the name of a class need not be a text.
  if (quietly(() => Array.isArray(value)) === true) return 'an array';
  if (isClass(value)) return quietly(() => `the class ${value.name}`) ?? 'a class';
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

/** Returns true for an object of the application, which is not one of JavaScript's own kinds such as a map or a date. */
export function isObjectOfOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isPromise(value)) return false;
  return !BUILT_IN_KINDS.has(kindOf(value));
}

/** Returns what to do about a promise where its result belongs, to follow a sentence; empty for any other value. */
export function awaitHint(value: unknown): string {
  return isPromise(value) ? ' Await it, or use MonitoringModule.forRootAsync().' : '';
}

/**
 * Returns what to do about a text where a number or a boolean belongs, to follow a sentence; empty for any other value.
 * Environment variables are texts.
 *
 * @param expected the valid values in words
 */
export function conversionHint(value: unknown, expected: string): string {
  if (typeof value !== 'string') return '';
  if (isBooleanText(value)) return /\btrue\b/.test(expected) ? " Convert it: `value === 'true'`." : '';
  const isNumeric = value.trim() !== '' && Number.isFinite(Number(value));
  return isNumeric && /\b(?:number|port|status)\b/.test(expected) ? ' Convert it: `Number(value)`.' : '';
}

function isBooleanText(value: unknown): boolean {
  return value === 'true' || value === 'false';
}

function isPromise(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return quietly(() => typeof (value as { then?: unknown }).then === 'function') === true;
}

/** Returns the kind of an object by its name in JavaScript, such as `Map`. */
function kindOf(value: object): string {
  // A proxy of the application may refuse to be looked at.
  const text = quietly(() => Object.prototype.toString.call(value));
  return text?.slice('[object '.length, -1) ?? 'Object';
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
