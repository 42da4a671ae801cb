/** The rules of an SQL dialect that decide where a token ends. */
export interface SqlDialect {
  /** Quotes around string literals. */
  readonly stringQuotes: string;
  /** Quotes around identifiers; `[` is closed by `]`. */
  readonly identifierQuotes: string;
  /** True if a backslash in a string literal escapes the next character. */
  readonly backslashEscapes?: boolean;
  /** True if `E'` begins a string literal with backslash escapes. */
  readonly escapeStrings?: boolean;
  /** True if `$tag$` begins and ends a string literal. */
  readonly dollarQuotes?: boolean;
  /** True if `q'[` begins and `]'` ends a string literal. */
  readonly alternativeQuotes?: boolean;
  /** True if a comment may contain another one. */
  readonly nestedComments?: boolean;
  /** True if `#` begins a comment, `--` does so only before white space, and `/*! … *\/` is executed. */
  readonly mysqlComments?: boolean;
  /** True if a text may have the quotes of an identifier. */
  readonly looseQuotes?: boolean;
  /** True if a carriage return ends a line comment. */
  readonly returnEndsComment?: boolean;
}

const POSTGRESQL: SqlDialect = {
  stringQuotes: "'",
  identifierQuotes: '"',
  escapeStrings: true,
  dollarQuotes: true,
  nestedComments: true,
  returnEndsComment: true,
};

const MYSQL: SqlDialect = {
  stringQuotes: `'"`,
  identifierQuotes: '`',
  backslashEscapes: true,
  mysqlComments: true,
};

const DIALECTS: ReadonlyMap<string, SqlDialect> = new Map([
  ['postgresql', POSTGRESQL],
  ['cockroachdb', POSTGRESQL],
  ['mysql', MYSQL],
  ['mariadb', MYSQL],
  ['sqlite', { stringQuotes: "'", identifierQuotes: '"`[', looseQuotes: true }],
  ['microsoft.sql_server', { stringQuotes: "'", identifierQuotes: '"[', nestedComments: true }],
  ['oracle.db', { stringQuotes: "'", identifierQuotes: '"', alternativeQuotes: true }],
]);

/** The rules for an unknown database: the SQL standard, and quotes that other dialects use in the same sense. */
export const STANDARD_SQL: SqlDialect = { stringQuotes: "'", identifierQuotes: '"`', dollarQuotes: true };

/** Returns the dialect of a database system, by its name in OpenTelemetry. */
export function dialectOf(system: string): SqlDialect {
  return DIALECTS.get(system) ?? STANDARD_SQL;
}
