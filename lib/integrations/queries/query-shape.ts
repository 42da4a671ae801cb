import type { SqlDialect } from './sql-dialect.js';
import { tokensOf } from './sql-tokens.js';

/** The value in a shape, whatever it was: a literal or a parameter. */
const VALUE = '?';
const LITERAL = "'";
const NUMBER = /^\p{N}/u;
/** Signs without a space before them, and without one after them. */
const TIGHT_BEFORE = new Set([',', ')', ';', '.', ']']);
const TIGHT_AFTER = new Set(['(', '.', '[']);

/**
 * Returns the shape of a statement: its words and names, with each value, parameter and list of values as one `?`. Two
 * statements that differ only in values have the same shape, and no part of a value is in it.
 */
export function queryShape(sql: string, dialect: SqlDialect): string {
  return spaced(withoutLists(withoutRows(values(tokensOf(sql, dialect)))));
}

/** Replaces literals, and parameters such as `$1`, `:name`, `@p1` and `?`. */
function values(tokens: readonly string[]): string[] {
  const shape: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    const next = tokens[i + 1] ?? '';
    if (token === LITERAL || NUMBER.test(token)) shape.push(VALUE);
    else if (
      (token === '$' || token === ':' || token === '@') &&
      /^[\p{L}\p{N}_]/u.test(next) &&
      tokens[i - 1] !== ':'
    ) {
      shape.push(VALUE);
      i++;
    } else shape.push(token);
  }
  return shape;
}

/** Folds `?, ?, ?` to `?`. */
function withoutLists(tokens: readonly string[]): string[] {
  const shape: string[] = [];
  for (const token of tokens) {
    if (token === VALUE && shape.at(-1) === ',' && shape.at(-2) === VALUE) shape.pop();
    else shape.push(token);
  }
  return shape;
}

/** Folds the rows of VALUES, of which one remains. */
function withoutRows(tokens: readonly string[]): string[] {
  const folded = withoutLists(tokens);
  const shape: string[] = [];
  for (const token of folded) {
    shape.push(token);
    const end = shape.slice(-7).join(' ');
    if (end === '( ? ) , ( ? )') shape.splice(-4);
  }
  return shape;
}

function spaced(tokens: readonly string[]): string {
  let text = '';
  let previous = '(';
  for (const token of tokens) {
    text += text === '' || TIGHT_BEFORE.has(token) || TIGHT_AFTER.has(previous) ? token : ` ${token}`;
    previous = token;
  }
  return text;
}
