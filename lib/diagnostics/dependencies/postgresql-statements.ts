/**
 * Statements that read the views of statistics of a PostgreSQL server, each bounded in rows. They need version 13 or later; every
 * role may send them, and members of `pg_monitor` see the statements of other roles, too.
 */

/** The longest text of a statement that is read, in characters. */
const TEXT = 4_000;
const OTHERS = 'datname = current_database() AND pid <> pg_backend_pid()';

/** The statements that run or hold a transaction open, the longest first. */
export const ACTIVITY = `SELECT pid, state, application_name AS application, usename::text AS role,
  extract(epoch FROM clock_timestamp() - query_start)::float8 AS seconds,
  extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
  wait_event_type AS wait_kind, wait_event AS wait, left(query, ${TEXT}) AS query
  FROM pg_stat_activity WHERE ${OTHERS} AND state <> 'idle' AND backend_type = 'client backend'
  ORDER BY coalesce(xact_start, query_start) LIMIT 50`;

/** The number of connections by what this role may see of them. */
export const HIDDEN = `SELECT count(*) AS hidden FROM pg_stat_activity
  WHERE ${OTHERS} AND query = '<insufficient privilege>'`;

/** The statements that wait for a lock, with its holder. */
export const LOCKS = `SELECT waiting.pid, waits.mode, waits.locktype AS kind,
  CASE WHEN waits.relation IS NULL THEN NULL ELSE waits.relation::regclass::text END AS relation,
  extract(epoch FROM clock_timestamp() - waiting.query_start)::float8 AS seconds,
  left(waiting.query, ${TEXT}) AS query, holder.pid AS holder, holder.state AS holder_state,
  extract(epoch FROM clock_timestamp() - holder.xact_start)::float8 AS holder_seconds,
  left(holder.query, ${TEXT}) AS holder_query
  FROM pg_locks waits JOIN pg_stat_activity waiting ON waiting.pid = waits.pid
  CROSS JOIN LATERAL unnest(pg_blocking_pids(waits.pid)) AS blocking(pid)
  LEFT JOIN pg_stat_activity holder ON holder.pid = blocking.pid
  WHERE NOT waits.granted AND waiting.datname = current_database()
  ORDER BY waiting.query_start LIMIT 50`;

/** The schema of the extension that collects the statements, quoted; no row without it. */
export const STATEMENTS_SCHEMA = `SELECT quote_ident(nspname) AS schema FROM pg_extension
  JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_stat_statements'`;

/** The statements that took the most time in total. @param schema the result of {@link STATEMENTS_SCHEMA} */
export function slowestStatements(schema: string): string {
  return `SELECT calls, total_exec_time / 1000 AS total_seconds, mean_exec_time / 1000 AS mean_seconds,
    max_exec_time / 1000 AS max_seconds, rows, shared_blks_read AS blocks_read, left(query, ${TEXT}) AS query
    FROM ${schema}.pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query NOT LIKE '%/* nestjs-monitoring */%'
    ORDER BY total_exec_time DESC LIMIT 20`;
}

/** The indexes that no scan has used since the statistics were reset, except those that hold a constraint. */
export const UNUSED_INDEXES = `SELECT usage.relid::regclass::text AS table, usage.indexrelname AS index,
  pg_relation_size(usage.indexrelid) AS bytes
  FROM pg_stat_user_indexes usage JOIN pg_index ON pg_index.indexrelid = usage.indexrelid
  WHERE usage.idx_scan = 0 AND NOT indisunique AND indisvalid
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = usage.indexrelid)
  ORDER BY bytes DESC LIMIT 50`;

/** The time since which the server counts. */
export const COUNTED_SINCE = `SELECT extract(epoch FROM coalesce(stats_reset, pg_postmaster_start_time()))::float8 AS since
  FROM pg_stat_database WHERE datname = current_database()`;

/** The foreign keys whose columns begin no index: a change of the other table reads this one as a whole. */
export const KEYS_WITHOUT_INDEX = `SELECT conrelid::regclass::text AS table, conname AS name,
  confrelid::regclass::text AS referenced, coalesce(n_live_tup, 0) AS rows,
  (SELECT string_agg(attname, ', ' ORDER BY position) FROM unnest(conkey) WITH ORDINALITY AS key(number, position)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = key.number) AS columns
  FROM pg_constraint LEFT JOIN pg_stat_user_tables ON relid = conrelid
  WHERE contype = 'f' AND NOT EXISTS (
    SELECT 1 FROM pg_index WHERE indrelid = conrelid AND indpred IS NULL AND indisvalid
    AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey)
  ORDER BY rows DESC, 1, 2 LIMIT 50`;

/** The large tables that are often read as a whole. */
export const TABLES_READ_WHOLE = `SELECT relid::regclass::text AS table, seq_scan AS scans,
  seq_tup_read / seq_scan AS rows_per_scan, coalesce(idx_scan, 0) AS index_scans, n_live_tup AS rows
  FROM pg_stat_user_tables WHERE seq_scan >= 10 AND seq_tup_read / seq_scan >= 1000
  ORDER BY seq_tup_read DESC LIMIT 20`;
