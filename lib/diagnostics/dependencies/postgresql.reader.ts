import {
  type PgQuery,
  type PgSettings,
  withOwnPgConnection,
} from '../../integrations/pg/pg.own-connection.js';
import { dialectOf } from '../../integrations/queries/sql-dialect.js';
import { queryShape } from '../../integrations/queries/query-shape.js';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { messageOf } from '../../primitives/error-message.js';
import { redactAndCut } from '../../primitives/redact.js';
import type { PostgresqlReport, ReportPart } from './postgresql-report.js';
import {
  ACTIVITY,
  COUNTED_SINCE,
  HIDDEN,
  KEYS_WITHOUT_INDEX,
  LOCKS,
  slowestStatements,
  STATEMENTS_SCHEMA,
  TABLES_READ_WHOLE,
  UNUSED_INDEXES,
} from './postgresql-statements.js';

type Row = Readonly<Record<string, unknown>>;

/** Time limits of one statement and of one lock on the server, in milliseconds. */
const STATEMENT_LIMIT_MS = 2_000;
const LOCK_LIMIT_MS = 300;
const MAX_NAME = 128;
const MAX_STATEMENT = 1_000;
const MAX_PROBLEM = 300;
const POSTGRESQL = dialectOf('postgresql');
/** A role that may not see the statements of others. */
const HIDDEN_TEXT = '<insufficient privilege>';

/**
 * Reads the state of a PostgreSQL database: over a connection of its own, in transactions that only read and that
 * the server ends after a time limit. A part that the role may not see has the reason instead.
 *
 * @param signal ends the connection
 */
export function readPostgresql(
  settings: PgSettings,
  signal: AbortSignal,
  now: () => number,
): Promise<PostgresqlReport> {
  return withOwnPgConnection(settings, signal, async (query) => {
    const rows = (sql: string): Promise<readonly Row[]> => inReadOnly(query, sql);
    const readAt = now();
    return {
      readAt,
      ...(await countedSince(rows)),
      activity: await part(signal, async () => activityOf(await rows(ACTIVITY), await rows(HIDDEN))),
      locks: await part(signal, async () => ({ rows: (await rows(LOCKS)).map(lockOf) })),
      slowest: await part(signal, () => slowestOf(rows)),
      unusedIndexes: await part(signal, async () => ({
        rows: (await rows(UNUSED_INDEXES)).map((row) => ({
          table: name(row['table']),
          index: name(row['index']),
          bytes: number(row['bytes']),
        })),
      })),
      keysWithoutIndex: await part(signal, async () => ({
        rows: (await rows(KEYS_WITHOUT_INDEX)).map((row) => ({
          table: name(row['table']),
          columns: name(row['columns']),
          referenced: name(row['referenced']),
          name: name(row['name']),
          rows: number(row['rows']),
        })),
      })),
      tablesReadWhole: await part(signal, async () => ({
        rows: (await rows(TABLES_READ_WHOLE)).map((row) => ({
          table: name(row['table']),
          scans: number(row['scans']),
          rowsPerScan: number(row['rows_per_scan']),
          indexScans: number(row['index_scans']),
          rows: number(row['rows']),
        })),
      })),
    };
  });
}

/** Runs a statement in a transaction of its own, whose settings end with it: a proxy may share the connection. */
async function inReadOnly(query: PgQuery, sql: string): Promise<readonly Row[]> {
  await query('BEGIN READ ONLY');
  try {
    await query(`SET LOCAL statement_timeout = ${STATEMENT_LIMIT_MS}`);
    await query(`SET LOCAL lock_timeout = ${LOCK_LIMIT_MS}`);
    return await query(sql);
  } finally {
    await query('ROLLBACK');
  }
}

async function part<T>(signal: AbortSignal, read: () => Promise<ReportPart<T>>): Promise<ReportPart<T>> {
  try {
    return await read();
  } catch (error) {
    // Without a connection there is no report at all.
    if (signal.aborted || !isServerError(error)) throw error;
    return { problem: redactAndCut(messageOf(error), MAX_PROBLEM) };
  }
}

/** Returns true for an error that the server has sent, which leaves the connection usable. */
function isServerError(error: unknown): boolean {
  return typeof (error as { readonly severity?: unknown } | undefined)?.severity === 'string';
}

async function countedSince(
  rows: (sql: string) => Promise<readonly Row[]>,
): Promise<Pick<PostgresqlReport, 'countedSince'>> {
  const [row] = await rows(COUNTED_SINCE);
  const since = optional(row?.['since']);
  return since === undefined ? {} : { countedSince: Math.round(since * 1_000) };
}

function activityOf(running: readonly Row[], [hidden]: readonly Row[]): PostgresqlReport['activity'] {
  const count = number(hidden?.['hidden']);
  const note = `The role of the application may not see ${count} more ${count === 1 ? 'connection' : 'connections'} of other roles. Grant it pg_monitor.`;
  return {
    rows: running.map((row) => {
      const transactionSeconds = optional(row['transaction_seconds']);
      const kind = row['wait_kind'];
      return {
        pid: number(row['pid']),
        state: name(row['state']),
        application: name(row['application']),
        role: name(row['role']),
        seconds: number(row['seconds']),
        ...(transactionSeconds !== undefined && { transactionSeconds }),
        // A client that sends nothing is what `idle in transaction` says already.
        ...(typeof kind === 'string' && kind !== 'Client' && { waitsFor: `${kind}: ${name(row['wait'])}` }),
        statement: statement(row['query']),
      };
    }),
    ...(count > 0 && { note }),
  };
}

function lockOf(row: Row): Extract<PostgresqlReport['locks'], { rows: unknown }>['rows'][number] {
  const seconds = optional(row['holder_seconds']);
  return {
    pid: number(row['pid']),
    seconds: number(row['seconds']),
    mode: name(row['mode']),
    on: name(row['relation'] ?? row['kind']),
    statement: statement(row['query']),
    holder: {
      pid: number(row['holder']),
      state: name(row['holder_state']),
      ...(seconds !== undefined && { seconds }),
      statement: statement(row['holder_query']),
    },
  };
}

async function slowestOf(
  rows: (sql: string) => Promise<readonly Row[]>,
): Promise<PostgresqlReport['slowest']> {
  const [extension] = await rows(STATEMENTS_SCHEMA);
  const schema = extension?.['schema'];
  if (typeof schema !== 'string') {
    return {
      problem:
        'The extension pg_stat_statements is not installed. Add it to shared_preload_libraries and run CREATE EXTENSION pg_stat_statements.',
    };
  }
  const found = await rows(slowestStatements(schema));
  return {
    rows: found.map((row) => ({
      statement: statement(row['query']),
      calls: number(row['calls']),
      totalSeconds: number(row['total_seconds']),
      meanSeconds: number(row['mean_seconds']),
      maxSeconds: number(row['max_seconds']),
      rows: number(row['rows']),
      blocksRead: number(row['blocks_read']),
    })),
  };
}

/** Returns the shape of a statement, which has no values. */
function statement(text: unknown): string {
  if (typeof text !== 'string' || text === '') return '';
  if (text === HIDDEN_TEXT) return text;
  return boundedLabelValue(queryShape(text, POSTGRESQL), MAX_STATEMENT);
}

function name(text: unknown): string {
  return text === null || text === undefined ? '' : redactAndCut(String(text), MAX_NAME);
}

/** Returns a number; `pg` returns those of 64 bits as strings. */
function number(value: unknown): number {
  return optional(value) ?? 0;
}

function optional(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  const found = Number(value);
  return Number.isFinite(found) ? Math.max(0, found) : undefined;
}
