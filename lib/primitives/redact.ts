import { boundedLabelValue } from './bounded-label-values.js';

/** The replacement of a secret. */
const HIDDEN = '***';

/** A named secret in a connection string or a query, such as `password=…`. */
const NAMED_SECRET = /(password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key)=[^\s;&,]+/gi;
/** The credentials of an `authorization` header. */
const HEADER_SECRET = /\b(bearer|basic) [\w.~+/=-]{12,}/gi;
/** The beginning of such credentials, at the end of a text. */
const HALF_HEADER_SECRET = /\b(bearer|basic) [\w.~+/=-]*$/i;

/**
 * Returns a text without the secrets that drivers and parsers put into their messages: the user and password of a URL,
 * also of an invalid one, the values of `password=…` and its like, and the credentials of headers.
 */
export function redactSecrets(text: string): string {
  const withoutUsers = text.includes('@') ? text.replace(/\S+/g, withoutUser) : text;
  return withoutUsers.replace(NAMED_SECRET, `$1=${HIDDEN}`).replace(HEADER_SECRET, `$1 ${HIDDEN}`);
}

/** Number of UTF-16 code units that are read beyond the length of a result, in place of the secrets in it. */
const READ_AHEAD = 1_000;

/**
 * Returns the beginning of a text without its secrets, as {@link redactSecrets} does, and marked if it is cut. A long text
 * costs no more than a short one.
 *
 * @param maxLength in UTF-16 code units
 */
export function redactAndCut(text: string, maxLength: number): string {
  const read = text.slice(0, maxLength + READ_AHEAD);
  // Secrets are hidden before the cut: a URL without its `@` does not look as if it had a password.
  return boundedLabelValue(redactSecrets(read === text ? text : withoutHalfSecret(read)), maxLength);
}

/** Returns a text that was cut, without what may be the beginning of a secret: of a URL at its end only the scheme remains. */
function withoutHalfSecret(cut: string): string {
  const text = cut.replace(HALF_HEADER_SECRET, `$1 ${HIDDEN}`);
  let start = text.length;
  while (start > 0 && /\S/.test(text.charAt(start - 1))) start--;
  const slashes = text.indexOf('//', start);
  return slashes < 0 ? text : `${text.slice(0, slashes + 2)}${HIDDEN}`;
}

/** A word of letters and digits. */
const WORD = /[a-z\d]+/gi;
/** The length from which on a word may be a key, and the changes between letters and digits that a name does not have. */
const KEY_LENGTH = 16;
const MIN_CHANGES = 3;
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/i;

/**
 * Returns the path of a route without what looks like a secret: a literal segment with a UUID or a long word of mixed letters
 * and digits, as in the address of a webhook. Parameters such as `:id` stay.
 */
export function redactPath(path: string): string {
  return redactSecrets(path)
    .split('/')
    .map((segment) => (segment.startsWith(':') || !looksRandom(segment) ? segment : HIDDEN))
    .join('/');
}

function looksRandom(text: string): boolean {
  if (text.length < KEY_LENGTH) return false;
  return UUID.test(text) || text.match(WORD)?.some(isKey) === true;
}

function isKey(word: string): boolean {
  return word.length >= KEY_LENGTH && (word.match(/[a-z]\d|\d[a-z]/gi)?.length ?? 0) >= MIN_CHANGES;
}

/**
 * Returns the value of an option for an error message. Of a URL, only the scheme and the host remain, since its path and
 * its query may be secrets as well.
 */
export function redactOption(value: string): string {
  const scheme = value.indexOf('://');
  const afterUser = value.lastIndexOf('@') + 1;
  if (scheme < 0) {
    const hasPassword = value.slice(0, afterUser).includes(':');
    return hasPassword ? `${HIDDEN}@${value.slice(afterUser)}` : redactSecrets(value);
  }
  const start = Math.max(scheme + 3, afterUser);
  const end = value.slice(start).search(/[/?#]/);
  const host = end < 0 ? value.slice(start) : `${value.slice(start, start + end)}/…`;
  return `${value.slice(0, scheme + 3)}${afterUser > scheme ? `${HIDDEN}@` : ''}${host}`;
}

/** Hides everything between `//` and the last `@` of a word: passwords may contain `/`, `:`, `?` and `@`. */
function withoutUser(word: string): string {
  const start = word.indexOf('//') + 2;
  const end = word.lastIndexOf('@');
  return start < 2 || end < start ? word : word.slice(0, start) + HIDDEN + word.slice(end);
}
