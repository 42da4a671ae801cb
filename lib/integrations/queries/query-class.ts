/** What is told of a statement: nothing of it that a user may have written. */
export interface QueryClass {
  readonly operation: Operation;
  /** The table that it is about first of all; `unknown` where that is not plain to see. */
  readonly table: string;
}

export type Operation =
  'select' | 'insert' | 'update' | 'delete' | 'begin' | 'commit' | 'rollback' | 'savepoint' | 'ddl' | 'other';

export const UNKNOWN_TABLE = 'unknown';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  SELECT: 'select',
  INSERT: 'insert',
  REPLACE: 'insert',
  UPDATE: 'update',
  DELETE: 'delete',
  BEGIN: 'begin',
  START: 'begin',
  COMMIT: 'commit',
  END: 'commit',
  ROLLBACK: 'rollback',
  ABORT: 'rollback',
  SAVEPOINT: 'savepoint',
  RELEASE: 'savepoint',
  CREATE: 'ddl',
  ALTER: 'ddl',
  DROP: 'ddl',
  TRUNCATE: 'ddl',
};

/** The words between which and its table there is nothing that matters, by operation. */
const BEFORE_TABLE: Partial<Record<Operation, string>> = {
  select: 'FROM',
  insert: 'INTO',
  update: 'UPDATE',
  delete: 'FROM',
};

/** Words that may stand before the name of a table. */
const FILLERS = new Set(['ONLY', 'IGNORE', 'LOW_PRIORITY', 'DELAYED', 'QUICK']);

const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_$-]{0,62}$/u;

/**
 * One token of SQL: a comment, a text, a quoted name, a word, or a single sign. Texts and names may have their quote
 * twice in them; what is not closed goes to the end.
 */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*\]|\$([A-Za-z_]*)\$[\s\S]*?(?:\$\1\$|$)|[\p{L}_][\p{L}\p{N}_$]*|\S/gu;

/** How much of a statement is looked at: the names in it come early, and texts of any length may follow. */
const LONGEST_LOOK = 20_000;

/** What a statement of SQL does, and to which table. */
export function classifySql(sql: string): QueryClass {
  const tokens = topLevelTokens(sql);
  let verbAt = 0;
  const derived = new Set<string>();
  if (upper(tokens[0]) === 'WITH') {
    verbAt = tokens.findIndex((token) => BEFORE_TABLE[OPERATIONS[upper(token)] ?? 'other'] !== undefined);
    // Each name that stands before AS is no table.
    for (let i = 1; i < verbAt; i++) if (upper(tokens[i + 1]) === 'AS') derived.add(nameOf(tokens[i]) ?? '');
  }
  const operation = OPERATIONS[upper(tokens[verbAt])] ?? 'other';
  if (operation === 'rollback' && tokens.some((token) => upper(token) === 'TO')) {
    return { operation: 'savepoint', table: UNKNOWN_TABLE };
  }
  const table = tableAfter(tokens, verbAt, BEFORE_TABLE[operation]);
  return { operation, table: table === undefined || derived.has(table) ? UNKNOWN_TABLE : table };
}

/** The tokens that are in no parentheses, of which only the opening ones are left; without comments. */
function topLevelTokens(sql: string): string[] {
  const tokens: string[] = [];
  let depth = 0;
  for (const [token] of sql.slice(0, LONGEST_LOOK).matchAll(TOKEN)) {
    if (token.startsWith('--') || token.startsWith('/*')) continue;
    if (token === ')') depth = Math.max(0, depth - 1);
    // A whole statement may be in parentheses.
    else if (token === '(' && tokens.length === 0) continue;
    else if (token === '(' && depth++ === 0) tokens.push(token);
    else if (depth === 0 && token !== '(') {
      if (token === ';' && tokens.length > 0) break;
      tokens.push(token);
    }
  }
  return tokens;
}

function tableAfter(tokens: readonly string[], from: number, word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  let at = tokens.findIndex((token, i) => i >= from && upper(token) === word) + 1;
  if (at === 0) return undefined;
  while (FILLERS.has(upper(tokens[at]))) at++;
  // Of schema.table, the table.
  while (tokens[at + 1] === '.') at += 2;
  // A function that gives rows is no table.
  return tokens[at + 1] === '(' && word === 'FROM' ? undefined : nameOf(tokens[at]);
}

function nameOf(token = ''): string | undefined {
  const name = /^["`[]/.test(token) ? token.slice(1, -1) : token;
  return IDENTIFIER.test(name) ? name : undefined;
}

function upper(token = ''): string {
  return token.length <= 12 ? token.toUpperCase() : '';
}
