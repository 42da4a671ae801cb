import { onFirstUse } from '../../primitives/on-first-use.js';
import type { SqlDialect } from './sql-dialect.js';

/** Number of UTF-16 code units of a statement that are read. Names come early, and values of any length may follow. */
const READ_LENGTH = 20_000;

const WHITE_SPACE = /\s+/y;
const WORD = onFirstUse(() => /[\p{L}_][\p{L}\p{N}_$]*/uy);
const NUMBER = onFirstUse(() => /0[xX][\da-fA-F]+|\p{N}[\p{N}._]*(?:[eE][+-]?\p{N}+)?/uy);
const DOLLAR_QUOTE = onFirstUse(() => /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy);
const BLANK_OR_CONTROL = onFirstUse(() => /[\s\p{Cc}]/u);
const EXECUTED_COMMENT = /\/\*M?!\d*/y;

/** The kind of token that each ASCII character may begin. For other characters, every kind is tried. */
const BEGINNINGS = onFirstUse((): readonly (RegExp | undefined)[] =>
  Array.from({ length: 128 }, (_, code) =>
    [WHITE_SPACE, WORD(), NUMBER()].find((expression) => {
      expression.lastIndex = 0;
      return expression.test(String.fromCharCode(code));
    }),
  ),
);

/** The closing delimiters of an Oracle `q'[` literal. Every other delimiter closes itself. */
const CLOSING: ReadonlyMap<string, string> = new Map([
  ['[', ']'],
  ['(', ')'],
  ['{', '}'],
  ['<', '>'],
]);

/** Returns the part of a statement that is read, which has the same tokens as the whole statement. */
export function readPartOf(sql: string): string {
  // One character more shows that the statement was cut.
  return sql.length > READ_LENGTH ? sql.slice(0, READ_LENGTH + 1) : sql;
}

/** The token for a string literal, and for a name that is cut at the end of the read part. */
const NAMELESS = "'";

/**
 * Returns the words, quoted names, numbers and signs of a statement, without comments. A string literal, or a name without
 * its closing quote, is returned as a single quote.
 *
 * Takes linear time: a literal, name or comment without an end extends to the end of the read part.
 */
export function tokensOf(sql: string, dialect: SqlDialect): string[] {
  return new SqlScanner(sql, dialect).scan();
}

class SqlScanner {
  private readonly text: string;
  private readonly isCut: boolean;
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(
    sql: string,
    private readonly dialect: SqlDialect,
  ) {
    this.text = sql.length > READ_LENGTH ? sql.slice(0, READ_LENGTH) : sql;
    this.isCut = sql.length > READ_LENGTH;
  }

  scan(): string[] {
    while (this.at < this.text.length) this.next();
    return this.tokens;
  }

  private next(): void {
    const { text, at, dialect } = this;
    const code = text.charCodeAt(at);
    const beginnings = BEGINNINGS();
    const isAscii = code < beginnings.length;
    const beginning = beginnings[code];
    if ((!isAscii || beginning === WHITE_SPACE) && this.skip(WHITE_SPACE)) return;
    if ((!isAscii || beginning === WORD()) && this.takeWord()) return;
    if ((!isAscii || beginning === NUMBER()) && this.takeNumber()) return;
    if (this.skipComment()) return;
    const sign = text[at] ?? '';
    if (dialect.stringQuotes.includes(sign)) {
      this.at = this.endOfQuoted(at, sign, dialect.backslashEscapes ?? false);
      this.tokens.push(NAMELESS);
    } else if (dialect.identifierQuotes.includes(sign)) {
      this.takeName(sign === '[' ? ']' : sign);
    } else if (!this.takeDollarLiteral()) {
      this.at++;
      this.tokens.push(sign);
    }
  }

  /** Skips a match of an expression at the current position. @returns true if there is one */
  private skip(expression: RegExp): boolean {
    expression.lastIndex = this.at;
    if (!expression.test(this.text)) return false;
    this.at = expression.lastIndex;
    return true;
  }

  private skipComment(): boolean {
    const { text, at, dialect } = this;
    const first = text[at];
    if (first === '-' && text[at + 1] === '-') {
      // In MySQL, 1--1 is a subtraction.
      if (dialect.mysqlComments && at + 2 < text.length && !BLANK_OR_CONTROL().test(text[at + 2] ?? ''))
        return false;
      this.skipLine();
      return true;
    }
    if (first === '#' && dialect.mysqlComments) {
      this.skipLine();
      return true;
    }
    if (first !== '/' || text[at + 1] !== '*') return false;
    if (dialect.mysqlComments && this.skip(EXECUTED_COMMENT)) return true;
    this.skipBlockComment();
    return true;
  }

  private skipLine(): void {
    const { text, dialect } = this;
    while (this.at < text.length) {
      const sign = text[this.at++];
      if (sign === '\n' || (sign === '\r' && dialect.returnEndsComment)) return;
    }
  }

  private skipBlockComment(): void {
    const { text, dialect } = this;
    this.at += 2;
    for (let depth = 1; depth > 0 && this.at < text.length;) {
      const pair = text.slice(this.at, this.at + 2);
      if (pair === '*/') depth--;
      else if (pair === '/*' && dialect.nestedComments) depth++;
      this.at += pair === '*/' || (pair === '/*' && dialect.nestedComments) ? 2 : 1;
    }
  }

  /** Takes a word, or the string literal that begins with it, such as `E'…'`. */
  private takeWord(): boolean {
    const start = this.at;
    if (!this.skip(WORD())) return false;
    const { text, dialect } = this;
    const word = text.slice(start, this.at);
    if (text[this.at] === "'") {
      if (dialect.escapeStrings && /^e$/i.test(word)) {
        this.at = this.endOfQuoted(this.at, "'", true);
        this.tokens.push(NAMELESS);
        return true;
      }
      if (dialect.alternativeQuotes && /^n?q$/i.test(word)) {
        this.takeAlternativeLiteral();
        return true;
      }
    }
    this.tokens.push(this.isCut && this.at === text.length ? NAMELESS : word);
    return true;
  }

  private takeNumber(): boolean {
    const start = this.at;
    if (!this.skip(NUMBER())) return false;
    this.tokens.push(this.text.slice(start, this.at));
    return true;
  }

  /** Returns the end of a quoted token, in which a doubled quote stands for one. */
  private endOfQuoted(start: number, quote: string, escapes: boolean): number {
    const { text } = this;
    for (let at = start + 1; at < text.length; at++) {
      const sign = text[at];
      if (sign === '\\' && escapes) at++;
      else if (sign === quote) {
        if (text[at + 1] !== quote) return at + 1;
        at++;
      }
    }
    return text.length;
  }

  private takeName(closing: string): void {
    const start = this.at;
    const { text } = this;
    const end = this.endOfQuoted(start, closing, false);
    this.at = end;
    const isClosed = end - start > 1 && text[end - 1] === closing && !(this.isCut && end === text.length);
    this.tokens.push(isClosed ? text.slice(start, end) : NAMELESS);
  }

  private takeDollarLiteral(): boolean {
    const start = this.at;
    if (!this.dialect.dollarQuotes || !this.skip(DOLLAR_QUOTE())) return false;
    this.takeLiteralUntil(this.text.slice(start, this.at));
    return true;
  }

  private takeAlternativeLiteral(): void {
    const delimiter = this.text[this.at + 1] ?? '';
    this.at += 2;
    this.takeLiteralUntil(`${CLOSING.get(delimiter) ?? delimiter}'`);
  }

  private takeLiteralUntil(closing: string): void {
    const end = this.text.indexOf(closing, this.at);
    this.at = end < 0 ? this.text.length : end + closing.length;
    this.tokens.push(NAMELESS);
  }
}
