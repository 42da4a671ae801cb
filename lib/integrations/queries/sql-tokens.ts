import type { SqlDialect } from './sql-dialect.js';

/** Number of UTF-16 code units of a statement that are read: names come early, and texts of any length may follow. */
const READ_LENGTH = 20_000;

const WHITE_SPACE = /\s+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /\p{N}[\p{N}.]*/uy;
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const EXECUTED_COMMENT = /\/\*M?!\d*/y;

/** For each ASCII character, the expression of what may begin with it; what begins with others is tried. */
const BEGINNINGS: readonly (RegExp | undefined)[] = Array.from({ length: 128 }, (_, code) =>
  [WHITE_SPACE, WORD, NUMBER].find((expression) => {
    expression.lastIndex = 0;
    return expression.test(String.fromCharCode(code));
  }),
);

/** What closes the text of an Oracle `q'[`; every other delimiter closes itself. */
const CLOSING: ReadonlyMap<string, string> = new Map([
  ['[', ']'],
  ['(', ')'],
  ['{', '}'],
  ['<', '>'],
]);

/** Returns the beginning of a statement that gives the same tokens, which are those of its first 20 000 characters. */
export function readPartOf(sql: string): string {
  // One character more tells that there is more.
  return sql.length > READ_LENGTH ? sql.slice(0, READ_LENGTH + 1) : sql;
}

/** Stands for a token of which a name must not be taken: a text, or one that the end of what is read has cut. */
const NAMELESS = "'";

/**
 * Returns the words, quoted names and signs of a statement, without comments. Instead of a text there is only a quote,
 * and so for a name that is not closed.
 *
 * Each character is read a fixed number of times: what is not closed goes to the end.
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
    const isAscii = code < BEGINNINGS.length;
    const beginning = BEGINNINGS[code];
    if ((!isAscii || beginning === WHITE_SPACE) && this.skip(WHITE_SPACE)) return;
    if ((!isAscii || beginning === WORD) && this.takeWord()) return;
    if ((!isAscii || beginning === NUMBER) && this.takeNumber()) return;
    if (this.skipComment()) return;
    const sign = text[at] ?? '';
    if (dialect.textQuotes.includes(sign)) {
      this.at = this.endOfText(at, sign, dialect.backslashEscapes ?? false);
      this.tokens.push(NAMELESS);
    } else if (dialect.nameQuotes.includes(sign)) {
      this.takeName(sign === '[' ? ']' : sign);
    } else if (!this.takeDollarText()) {
      this.at++;
      this.tokens.push(sign);
    }
  }

  /** Skips what an expression finds here. */
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
      // 1--1 is a difference in MySQL.
      if (dialect.mysqlComments && at + 2 < text.length && !/[\s\p{Cc}]/u.test(text[at + 2] ?? ''))
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

  /** Takes a word, with the text that it is the beginning of. */
  private takeWord(): boolean {
    const start = this.at;
    if (!this.skip(WORD)) return false;
    const { text, dialect } = this;
    const word = text.slice(start, this.at);
    if (text[this.at] === "'") {
      if (dialect.escapeTexts && /^e$/i.test(word)) {
        this.at = this.endOfText(this.at, "'", true);
        this.tokens.push(NAMELESS);
        return true;
      }
      if (dialect.alternativeQuotes && /^n?q$/i.test(word)) {
        this.takeAlternativeText();
        return true;
      }
    }
    this.tokens.push(this.isCut && this.at === text.length ? NAMELESS : word);
    return true;
  }

  private takeNumber(): boolean {
    const start = this.at;
    if (!this.skip(NUMBER)) return false;
    this.tokens.push(this.text.slice(start, this.at));
    return true;
  }

  /** Returns where a text ends; its quote may be twice in it. */
  private endOfText(start: number, quote: string, escapes: boolean): number {
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
    const end = this.endOfText(start, closing, false);
    this.at = end;
    const isClosed = end - start > 1 && text[end - 1] === closing && !(this.isCut && end === text.length);
    this.tokens.push(isClosed ? text.slice(start, end) : NAMELESS);
  }

  private takeDollarText(): boolean {
    const start = this.at;
    if (!this.dialect.dollarQuotes || !this.skip(DOLLAR_QUOTE)) return false;
    this.takeTextUntil(this.text.slice(start, this.at));
    return true;
  }

  private takeAlternativeText(): void {
    const delimiter = this.text[this.at + 1] ?? '';
    this.at += 2;
    this.takeTextUntil(`${CLOSING.get(delimiter) ?? delimiter}'`);
  }

  private takeTextUntil(closing: string): void {
    const end = this.text.indexOf(closing, this.at);
    this.at = end < 0 ? this.text.length : end + closing.length;
    this.tokens.push(NAMELESS);
  }
}
