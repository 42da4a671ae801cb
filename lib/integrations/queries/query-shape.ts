import type { SqlDialect } from './sql-dialect.js';
import { tokensOf } from './sql-tokens.js';
import { onFirstUse } from '../../primitives/on-first-use.js';

/** The value in a shape, whatever it was: a literal or a parameter. */
const VALUE = '?';
const LITERAL = "'";
/** The sign between a value and its type. */
const CAST = '::';
const NUMBER = onFirstUse(() => /^\p{N}/u);
const WORD = onFirstUse(() => /^[\p{L}\p{N}_]/u);
const WORD_OR_QUOTED = onFirstUse(() => /^[\p{L}\p{N}_"`]/u);

/** Signs that are no operand: a plus or minus after one belongs to its number. */
const BEFORE_OPERAND = new Set(['(', ',', '=', '<', '>']);
/** Words before a list of values in parentheses. */
const LISTS = new Set(['IN', 'VALUES']);
/** Words that begin a statement whose values may be words without quotes, such as `SET search_path TO tenant_17`. */
const SETTINGS = new Set(['SET', 'PRAGMA']);
/** Tokens before a value of such a statement. */
const BEFORE_SETTING = new Set(['=', 'TO', ',']);
/** Tokens after a name of such a statement. */
const AFTER_NAME = new Set(['=', ':', '(']);
/** The signs before the name of a parameter. */
const PARAMETER_SIGNS = new Set(['$', ':', '@']);

/** Signs without a space before them, and without one after them. */
const TIGHT_BEFORE = new Set([',', ')', ';', '.', ']', '[', CAST]);
const TIGHT_AFTER = new Set(['(', '.', '[', CAST]);
/** Signs that are one operator if they follow each other. */
const OPERATORS = new Set([
  '::',
  '<=',
  '>=',
  '<>',
  '!=',
  '||',
  '&&',
  '->',
  '>>',
  '<<',
  '@>',
  '<@',
  ':=',
  '@@',
]);
/** Keywords before a parenthesis. Any other word there is the name of a function, which has no space after it. */
const KEYWORDS = new Set(
  (
    'ALL AND ANY AS BETWEEN BY CASE CONFLICT DISTINCT ELSE EXCEPT EXISTS FILTER FROM HAVING IN INTERSECT INTO IS JOIN KEY ' +
    'LATERAL LIKE LIMIT MATERIALIZED NOT OFFSET ON OR OVER RETURNING SELECT SET THEN UNION USING VALUES WHEN WHERE WITH'
  ).split(' '),
);

/**
 * Returns the shape of a statement: its words and names, with each value, parameter and list of values as one `?`. Two
 * statements that differ only in values have the same shape, and no part of a value is in it.
 */
export function queryShape(sql: string, dialect: SqlDialect): string {
  return spaced(withoutRows(withoutLists(withoutEnd(values(tokensOf(sql, dialect), dialect)))));
}

/** Replaces literals, and parameters such as `$1`, `:name`, `@p1` and `?2`. */
function values(tokens: readonly string[], { looseQuotes = false }: SqlDialect): string[] {
  const shape: string[] = [];
  let isInList = false;
  let isSetting = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    const next = tokens[i + 1] ?? '';
    const previous = tokens[i - 1] ?? '';
    if (previous === '' || previous === ';') isSetting = SETTINGS.has(token.toUpperCase());
    if (token === LITERAL) shape.push(VALUE);
    else if (NUMBER().test(token)) pushNumber(shape);
    else if (token === ':' && next === ':') {
      shape.push(CAST);
      i++;
    } else if (
      (PARAMETER_SIGNS.has(token) && WORD().test(next) && previous !== token) ||
      (token === VALUE && NUMBER().test(next))
    ) {
      shape.push(VALUE);
      i++;
    } else if (isSetting && isSettingValue(previous, token, next)) {
      shape.push(VALUE);
    } else {
      if (token === '(') isInList = LISTS.has(previous.toUpperCase());
      const isText = looseQuotes && token.startsWith('"') && next !== '.';
      shape.push(isText && (isInList || isComparison(previous)) ? VALUE : token);
    }
  }
  return shape;
}

/** Returns true for a word that is a value of a setting. */
function isSettingValue(previous: string, token: string, next: string): boolean {
  return BEFORE_SETTING.has(previous.toUpperCase()) && WORD_OR_QUOTED().test(token) && !AFTER_NAME.has(next);
}

/** Pushes the value of a number, in place of its sign and of a point before it. */
function pushNumber(shape: string[]): void {
  if (shape.at(-1) === '.') shape.pop();
  const isSigned = shape.at(-1) === '-' || shape.at(-1) === '+';
  if (isSigned && (shape.length === 1 || BEFORE_OPERAND.has(shape.at(-2) ?? ''))) shape.pop();
  shape.push(VALUE);
}

/** Returns true for a token after which quotes enclose a text, and not a name. */
function isComparison(token: string): boolean {
  return token === '=' || token === '<' || token === '>' || token.toUpperCase() === 'LIKE';
}

/** Removes the semicolons at the end, which some libraries send. */
function withoutEnd(tokens: string[]): string[] {
  while (tokens.length > 1 && tokens.at(-1) === ';') tokens.pop();
  return tokens;
}

/** Folds `?, ?, ?` to `?`, also with a cast, such as `?::int, ?::int`. */
function withoutLists(tokens: readonly string[]): string[] {
  const shape: string[] = [];
  for (const token of tokens) {
    shape.push(token);
    if (token === VALUE && shape.at(-2) === ',' && shape.at(-3) === VALUE) shape.length -= 2;
    else if (endsWithCastTwice(shape)) shape.length -= 4;
    else if (endsWithRowTwice(shape)) shape.length -= 4;
  }
  return shape;
}

/** Returns true for an end such as `?::int, ?::int`. */
function endsWithCastTwice(shape: readonly string[]): boolean {
  return (
    shape.at(-2) === CAST &&
    shape.at(-3) === VALUE &&
    shape.at(-4) === ',' &&
    shape.at(-5) === shape.at(-1) &&
    shape.at(-6) === CAST &&
    shape.at(-7) === VALUE
  );
}

/** Returns true for the end `( ? ) , ( ? )`. */
function endsWithRowTwice(shape: readonly string[]): boolean {
  return shape.at(-1) === ')' && shape.at(-4) === ',' && shape.slice(-7).join('') === '(?),(?)';
}

/** Reduces the rows of VALUES to the first. */
function withoutRows(tokens: readonly string[]): string[] {
  const shape: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    shape.push(tokens[i]!);
    if (tokens[i]?.toUpperCase() !== 'VALUES' || tokens[i + 1] !== '(') continue;
    let end = endOfGroup(tokens, i + 1);
    shape.push(...tokens.slice(i + 1, end));
    while (tokens[end] === ',' && tokens[end + 1] === '(') end = endOfGroup(tokens, end + 1);
    i = end - 1;
  }
  return shape;
}

/** Returns the position after the parenthesis that closes the one at a position. */
function endOfGroup(tokens: readonly string[], start: number): number {
  let at = start;
  for (let depth = 0; at < tokens.length; at++) {
    if (tokens[at] === '(') depth++;
    else if (tokens[at] === ')' && --depth === 0) return at + 1;
  }
  return at;
}

function spaced(tokens: readonly string[]): string {
  let text = '';
  let previous = '(';
  for (const token of tokens) {
    text += isTight(previous, token) ? token : ` ${token}`;
    previous = token;
  }
  return text;
}

function isTight(previous: string, token: string): boolean {
  if (TIGHT_BEFORE.has(token) || TIGHT_AFTER.has(previous) || OPERATORS.has(previous + token)) return true;
  return token === '(' && WORD().test(previous) && !KEYWORDS.has(previous.toUpperCase());
}
