import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { onFirstUse } from '../../primitives/on-first-use.js';

/** The mark in place of a value. */
const VALUE = '?';
/** Maximum length of a message that is read, in UTF-16 code units. */
const MAX_READ_LENGTH = 1_000;
/** Maximum length of a template, in UTF-16 code units. */
const MAX_LENGTH = 300;
/** Maximum length of a word. Longer ones are rarely words of a language. */
const MAX_WORD_LENGTH = 24;

/** The characters that enclose values: the closing one by the opening one. */
const ENCLOSURES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '„': '“',
  '‘': '’',
  '«': '»',
  '{': '}',
  '[': ']',
  '<': '>',
};

const OPENING = /["'`“„‘«{[<]/g;
const LETTER_OR_DIGIT = onFirstUse(() => /[\p{L}\p{N}]/u);
/** A word of a language, such as `can't`. One with `'s` is often a name. */
const LANGUAGE_WORD = onFirstUse(() => /^\p{Lu}?\p{Ll}+(?:['’](?:t|re|ve|ll|d|m))?$/u);
/**
 * A word of a script without capital letters. Only scripts that separate words by spaces are among them: in Chinese, Japanese
 * or Thai, a value cannot be told from the words around it.
 */
const CASELESS_WORD = onFirstUse(
  () =>
    /^(?=\p{Lo})(?:(?=[\p{Lo}\p{M}])[\p{scx=Arab}\p{scx=Hebr}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Ethi}\p{scx=Hang}])+$/u,
);
/** The first character of these scripts. Their pattern takes some milliseconds to compile, which most applications need not. */
const FIRST_CASELESS = 0x590;
/** A word with a hyphen, such as `read-only` or `non-empty`. Others are often values, such as the slug of a page. */
const HYPHENATED_WORD = onFirstUse(
  () => /^(?:[Nn]on|[Pp]re|[Rr]e|[Mm]ulti|[Ss]elf|[Rr]ead|[Ww]rite)-\p{Ll}+$/u,
);
/** An abbreviation, such as `HTTP`. */
const ABBREVIATION = onFirstUse(() => /^\p{Lu}{1,8}$/u);
/** The code of an error of a system or of Node, such as `ECONNREFUSED` or `ERR_INVALID_ARG_TYPE`. */
const CODE = /^(?:ERR_[A-Z]+(?:_[A-Z]+){0,8}|E[A-Z]{3,14})$/;
/** The name of a class of errors or of Nest, such as `QueryFailedError`. */
const CLASS_NAME =
  /^(?:[A-Z][a-z]+){1,5}(?:Error|Exception|Warning|Service|Controller|Module|Repository|Guard|Pipe)$/;
/** Characters around a word. */
const PUNCTUATION = new Set('().,;:!…،؛؟।');

/** Words before a value. */
const VALUE_NOUNS = new Set(
  (
    'account address api-key apikey auth authorization basic bearer card client cookie credential credentials customer ' +
    'digest e-mail email employee host hostname iban id identifier key login member name nickname owner passcode ' +
    'passphrase passwd password patient person phone pin pwd recipient secret sender session sessionid signature ssn ' +
    'subscriber surname tenant token user user-id userid username value'
  ).split(' '),
);
/** Words after such a noun that are no value. */
const FUNCTION_WORDS = new Set(
  (
    'a after already an and are argument as at be because been before but by can cannot closed connection contains could ' +
    'create creation deletion denied did does during error errors exceeded exists expired failed for found from had has ' +
    'have if in invalid is it its lacks limit lookup may mismatch missing must never no not of on or out property refused ' +
    'rejected request required reset response revoked service should than that the their this timed timeout to too type ' +
    'unknown unreachable update validation was were when which while will with without would'
  ).split(' '),
);
/** Words between such a noun and its value. */
const NOUN_LINKS = new Set(['is', 'was', 'of', 'for', 'from', 'with', 'a', 'an', 'the']);

/**
 * Returns a message without the values in it: `User 'ada' not found in /srv/x` becomes `User ? not found in ?`. Only words
 * of a language, codes such as `ECONNREFUSED` and names of classes remain. It takes linear time.
 */
export function messageTemplate(message: string): string {
  const words = withoutEnclosed(message.slice(0, MAX_READ_LENGTH)).split(/\s+/u);
  const kept: string[] = [];
  let followsNoun = false;
  for (const [i, word] of words.entries()) {
    // The last word may have been cut.
    const isCut = i === words.length - 1 && message.length > MAX_READ_LENGTH;
    const { before, core, after } = partsOf(word);
    if (core === '') {
      if (after !== '' && kept.length > 0) kept.push(kept.pop()! + after);
      continue;
    }
    const lower = core.toLowerCase();
    const isValue: boolean = isCut || !isWord(core) || (followsNoun && !FUNCTION_WORDS.has(lower));
    followsNoun = VALUE_NOUNS.has(lower) || (followsNoun && (isValue || NOUN_LINKS.has(lower)));
    if (!isValue) kept.push(before + core + after);
    // A mark keeps its punctuation, as that of a quoted text has it.
    else if (core === VALUE) kept.push((kept.at(-1) === VALUE ? kept.pop()! : before + VALUE) + after);
    else if (kept.at(-1) !== VALUE) kept.push(VALUE);
  }
  return boundedLabelValue(kept.join(' '), MAX_LENGTH);
}

/**
 * Returns the common template of two templates of the same place: the words in which they differ are values. It finds the
 * values that look like words, such as names.
 */
export function commonTemplate(one: string, other: string): string {
  if (one === other) return one;
  const a = one.split(' ');
  const b = other.split(' ');
  const length = Math.min(a.length, b.length);
  let start = 0;
  while (start < length && a[start] === b[start]) start++;
  let end = 0;
  while (end < length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const common = a.slice(0, start);
  const middle = a.slice(start, a.length - end);
  if (a.length === b.length) middle.forEach((word, i) => common.push(word === b[start + i] ? word : VALUE));
  else common.push(VALUE);
  common.push(...a.slice(a.length - end));
  return common.filter((word, i) => word !== VALUE || common[i - 1] !== VALUE).join(' ');
}

/**
 * Replaces what is enclosed in quotes or brackets, up to the last end of its kind: quoted text may itself contain quotes.
 * What does not end is replaced to the end of the text.
 */
function withoutEnclosed(text: string): string {
  let result = '';
  let at = 0;
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(text); match !== null; match = OPENING.exec(text)) {
    const { index } = match;
    const opening = match[0];
    // An apostrophe, as in `can't`.
    if (opening === "'" && index > 0 && LETTER_OR_DIGIT().test(text[index - 1]!)) continue;
    // An operator, as in `a < b`.
    if (opening === '<' && text[index + 1] === ' ') continue;
    const end = text.lastIndexOf(ENCLOSURES[opening]!);
    result += `${text.slice(at, index)} ${VALUE} `;
    if (end <= index) return result;
    at = end + 1;
    OPENING.lastIndex = at;
  }
  return result + text.slice(at);
}

/** Divides a word from the punctuation around it. */
function partsOf(word: string): { readonly before: string; readonly core: string; readonly after: string } {
  let start = 0;
  while (start < word.length && PUNCTUATION.has(word[start]!)) start++;
  let end = word.length;
  while (end > start && PUNCTUATION.has(word[end - 1]!)) end--;
  return start === word.length
    ? { before: '', core: '', after: word.slice(0, 1) }
    : {
        before: word.slice(0, Math.min(start, 1)),
        core: word.slice(start, end),
        after: word.slice(end, end + 1),
      };
}

function isWord(core: string): boolean {
  if (CODE.test(core) || CLASS_NAME.test(core)) return true;
  return (
    core.length <= MAX_WORD_LENGTH &&
    (LANGUAGE_WORD().test(core) ||
      HYPHENATED_WORD().test(core) ||
      ABBREVIATION().test(core) ||
      (core.charCodeAt(0) >= FIRST_CASELESS && CASELESS_WORD().test(core)))
  );
}
