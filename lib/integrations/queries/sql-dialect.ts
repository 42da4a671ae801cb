/** The rules of one dialect of SQL that decide where a token of it ends. */
export interface SqlDialect {
  /** Quotes around text, in which nothing is a name. */
  readonly textQuotes: string;
  /** Quotes around names; `[` is closed by `]`. */
  readonly nameQuotes: string;
  /** A backslash in a text escapes the character after it. */
  readonly backslashEscapes?: boolean;
  /** A text that begins with `E'` has such escapes. */
  readonly escapeTexts?: boolean;
  /** Text may stand between `$tag$` and `$tag$`. */
  readonly dollarQuotes?: boolean;
  /** Text may stand between `q'[` and `]'`. */
  readonly alternativeQuotes?: boolean;
  /** A comment may be within another one. */
  readonly nestedComments?: boolean;
  /** `#` begins a comment, `--` only before white space, and the content of `/*! … *\/` is executed. */
  readonly mysqlComments?: boolean;
  /** A carriage return ends a comment of one line, too. */
  readonly returnEndsComment?: boolean;
}

const POSTGRESQL: SqlDialect = {
  textQuotes: "'",
  nameQuotes: '"',
  escapeTexts: true,
  dollarQuotes: true,
  nestedComments: true,
  returnEndsComment: true,
};

const MYSQL: SqlDialect = {
  textQuotes: `'"`,
  nameQuotes: '`',
  backslashEscapes: true,
  mysqlComments: true,
};

const DIALECTS: ReadonlyMap<string, SqlDialect> = new Map([
  ['postgresql', POSTGRESQL],
  ['cockroachdb', POSTGRESQL],
  ['mysql', MYSQL],
  ['mariadb', MYSQL],
  ['sqlite', { textQuotes: "'", nameQuotes: '"`[' }],
  ['microsoft.sql_server', { textQuotes: "'", nameQuotes: '"[', nestedComments: true }],
  ['oracle.db', { textQuotes: "'", nameQuotes: '"', alternativeQuotes: true }],
]);

/** The rules for a database that is not known: those of the standard, and quotes that mean nothing else elsewhere. */
export const STANDARD_SQL: SqlDialect = { textQuotes: "'", nameQuotes: '"`', dollarQuotes: true };

/** Returns the dialect of a database, by its name in OpenTelemetry. */
export function dialectOf(system: string): SqlDialect {
  return DIALECTS.get(system) ?? STANDARD_SQL;
}
