import { UNKNOWN_TABLE } from '../../metrics/label-values.js';
import { type SqlDialect, STANDARD_SQL } from './sql-dialect.js';
import { tokensOf } from './sql-tokens.js';
import { onFirstUse } from '../../primitives/on-first-use.js';

/** The class of a statement. It has no part of a value, which may be a secret. */
export interface QueryClass {
  readonly operation: Operation;
  /** Name of the main table; `unknown` if it cannot be determined. */
  readonly table: string;
}

/** The operation of a statement, as the value of a label. */
export type Operation =
  'select' | 'insert' | 'update' | 'delete' | 'begin' | 'commit' | 'rollback' | 'savepoint' | 'ddl' | 'other';

/** An event in the life of a transaction, as the value of a label. */
export type TransactionEvent = 'begun' | 'committed' | 'rolled_back';

/** A transaction event that one statement of a text causes. */
export interface TransactionStep {
  /** Index of the statement. */
  readonly position: number;
  readonly event: TransactionEvent;
  /** True if the statement also begins the next transaction, as by `AND CHAIN`. */
  readonly chains: boolean;
}

/** The class of a text of one or more statements. */
export interface ScriptClass {
  /** The class of the first statement. */
  readonly query: QueryClass;
  readonly statementCount: number;
  readonly transactionSteps: readonly TransactionStep[];
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['SELECT', 'select'],
  ['TABLE', 'select'],
  ['INSERT', 'insert'],
  ['REPLACE', 'insert'],
  ['UPDATE', 'update'],
  ['DELETE', 'delete'],
  ['COMMIT', 'commit'],
  ['ROLLBACK', 'rollback'],
  ['ABORT', 'rollback'],
  ['SAVEPOINT', 'savepoint'],
  ['SAVE', 'savepoint'],
  ['RELEASE', 'savepoint'],
  ['CREATE', 'ddl'],
  ['ALTER', 'ddl'],
  ['DROP', 'ddl'],
  ['TRUNCATE', 'ddl'],
]);

const EVENTS: ReadonlyMap<Operation, TransactionEvent> = new Map([
  ['begin', 'begun'],
  ['commit', 'committed'],
  ['rollback', 'rolled_back'],
]);

/** The operations on a table, which may follow WITH. */
const TABLE_OPERATIONS: ReadonlySet<Operation> = new Set<Operation>(['select', 'insert', 'update', 'delete']);

/** The words after a BEGIN that begins a transaction rather than a block of statements. */
const AFTER_BEGIN = new Set([
  'WORK',
  'TRANSACTION',
  'TRAN',
  'DISTRIBUTED',
  'DEFERRED',
  'IMMEDIATE',
  'EXCLUSIVE',
  'CONCURRENT',
  'ISOLATION',
  'READ',
  'DEFERRABLE',
]);

/** The words after an END that ends a transaction rather than a block of statements. */
const AFTER_END = new Set(['WORK', 'TRANSACTION', 'TRAN', 'AND']);

/** The words that may precede the name of a table. */
const FILLERS = new Set([
  'ONLY',
  'IGNORE',
  'LOW_PRIORITY',
  'HIGH_PRIORITY',
  'DELAYED',
  'QUICK',
  'INTO',
  'TABLE',
  'LATERAL',
]);
/** The words that follow the name of a table, so that a filler before one of them is the name itself. */
const AFTER_NAME = new Set(['SET', 'WHERE', 'VALUES', 'SELECT', 'AS', 'USING', 'DEFAULT']);

const IDENTIFIER = onFirstUse(() => /^[\p{L}_][\p{L}\p{N}_$-]{0,62}$/u);

/** Returns the class of a text of one or more statements. */
export function classifyScript(sql: string, dialect: SqlDialect = STANDARD_SQL): ScriptClass {
  const statements = statementsOf(tokensOf(sql, dialect));
  const transactionSteps = statements.flatMap((tokens, position): TransactionStep[] => {
    const event = EVENTS.get(operationOf(tokens));
    return event === undefined ? [] : [{ position, event, chains: chainsTransaction(tokens) }];
  });
  return { query: classOf(statements[0] ?? []), statementCount: statements.length, transactionSteps };
}

/** Returns the tokens of each statement without those inside parentheses, of which only `(` remains. */
function statementsOf(tokens: readonly string[]): string[][] {
  const statements: string[][] = [];
  let statement: string[] = [];
  let depth = 0;
  let inBlock = false;
  for (const token of tokens) {
    if (token === ')') depth = Math.max(0, depth - 1);
    // A whole statement may be in parentheses.
    else if (token === '(' && statement.length === 0) continue;
    else if (token === '(' && depth++ === 0) statement.push(token);
    else if (depth === 0 && token === ';' && !(inBlock ||= isBlock(statement))) {
      if (statement.length > 0) statements.push(statement);
      statement = [];
    } else if (depth === 0 && token !== '(') statement.push(token);
  }
  return statement.length > 0 ? [...statements, statement] : statements;
}

/** Returns true if semicolons belong to the statement: in the body of a trigger or routine, or an anonymous block. */
function isBlock(tokens: readonly string[]): boolean {
  const first = upper(tokens[0]);
  if (first === 'DECLARE') return true;
  if (first === 'BEGIN') return !beginsTransaction(tokens);
  return first === 'CREATE' && tokens.some((token) => upper(token) === 'BEGIN');
}

function beginsTransaction(tokens: readonly string[]): boolean {
  const second = upper(tokens[1]);
  return (
    tokens.length === 1 || AFTER_BEGIN.has(second) || (second === 'NOT' && upper(tokens[2]) === 'DEFERRABLE')
  );
}

function operationOf(tokens: readonly string[]): Operation {
  const first = upper(tokens[0]);
  if (first === 'BEGIN') return beginsTransaction(tokens) ? 'begin' : 'other';
  if (first === 'START') return upper(tokens[1]) === 'TRANSACTION' ? 'begin' : 'other';
  if (first === 'END') return tokens.length === 1 || AFTER_END.has(upper(tokens[1])) ? 'commit' : 'other';
  const operation = OPERATIONS.get(first) ?? 'other';
  const isToSavepoint = operation === 'rollback' && tokens.some((token) => upper(token) === 'TO');
  return isToSavepoint ? 'savepoint' : operation;
}

function chainsTransaction(tokens: readonly string[]): boolean {
  return tokens.some((token, i) => upper(token) === 'AND' && upper(tokens[i + 1]) === 'CHAIN');
}

function classOf(tokens: readonly string[]): QueryClass {
  if (upper(tokens[0]) === 'WITH') return classOfWith(tokens);
  const operation = operationOf(tokens);
  const at = tablePosition(tokens, operation);
  const table = at === undefined ? undefined : nameOf(tokens[at]);
  return { operation, table: table ?? UNKNOWN_TABLE };
}

function classOfWith(tokens: readonly string[]): QueryClass {
  const verbAt = tokens.findIndex((token) => TABLE_OPERATIONS.has(OPERATIONS.get(upper(token)) ?? 'other'));
  if (verbAt < 0) return { operation: 'other', table: UNKNOWN_TABLE };
  const query = classOf(tokens.slice(verbAt));
  // A name before AS, with or without columns, is a common table expression and no table.
  const isDerived = tokens.some((token, i) => {
    if (i >= verbAt || upper(token) !== 'AS') return false;
    const name = nameOf(tokens[tokens[i - 1] === '(' ? i - 2 : i - 1]);
    return name?.toUpperCase() === query.table.toUpperCase();
  });
  return isDerived ? { ...query, table: UNKNOWN_TABLE } : query;
}

/** Returns the position of the last part of the table name; undefined if there is no table. */
function tablePosition(tokens: readonly string[], operation: Operation): number | undefined {
  if (!TABLE_OPERATIONS.has(operation)) return undefined;
  const isRead = operation === 'select' && upper(tokens[0]) === 'SELECT';
  const from = isRead || operation === 'delete' ? fromPosition(tokens) : undefined;
  if (isRead && from === undefined) return undefined;
  let at = (from ?? 0) + 1;
  // SQLite has UPDATE OR IGNORE, SQL Server has UPDATE TOP (1).
  if (upper(tokens[at]) === 'OR') at += 2;
  if (upper(tokens[at]) === 'TOP' && tokens[at + 1] === '(') at += 2;
  while (FILLERS.has(upper(tokens[at])) && isNamed(tokens[at + 1])) at++;
  // Skips the schema, which SQL Server allows to be empty: database..table.
  while (tokens[at + 1] === '.') {
    at += 2;
    while (tokens[at] === '.') at++;
  }
  // A function that returns rows is no table.
  return from !== undefined && tokens[at + 1] === '(' ? undefined : at;
}

/** Returns the position of the FROM before the tables; undefined if there is none. */
function fromPosition(tokens: readonly string[]): number | undefined {
  const at = tokens.findIndex((token, i) => {
    if (upper(token) !== 'FROM' || tokens[i - 1] === '.') return false;
    // x IS NOT DISTINCT FROM y
    return upper(tokens[i - 1]) !== 'DISTINCT' || !['IS', 'NOT'].includes(upper(tokens[i - 2]));
  });
  return at < 0 ? undefined : at;
}

function isNamed(token: string | undefined): boolean {
  return token !== undefined && nameOf(token) !== undefined && !AFTER_NAME.has(upper(token));
}

function nameOf(token = ''): string | undefined {
  const name = /^["`[]/.test(token) ? token.slice(1, -1) : token;
  return IDENTIFIER().test(name) ? name : undefined;
}

function upper(token = ''): string {
  return token.length <= 13 ? token.toUpperCase() : '';
}
