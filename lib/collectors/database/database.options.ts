import { countOf, durationMsOf, expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** Options of the collectors of database clients and servers. */
export interface DatabaseCollectorOptions {
  /**
   * Duration above which a statement counts in `db_client_slow_operations_total`, in milliseconds.
   * @default 500
   */
  readonly slowQueryThresholdMs?: number;
  /**
   * Interval at which server statistics are read, in milliseconds.
   * @default 60000
   */
  readonly intervalMs?: number;
  /**
   * Time limit of one read of the statistics, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Number of tables per database with their own series, the most used first; the rest are summed as `other`.
   * @default 50
   */
  readonly tableLimit?: number;
}

/** Options of the database collectors, with every default filled in. */
export type ResolvedDatabaseCollector = Required<DatabaseCollectorOptions>;

/** @throws {MonitoringOptionsError} */
export function resolveDatabaseCollector(
  database: DatabaseCollectorOptions | false = {},
): ResolvedDatabaseCollector | false {
  if (database === false) return false;
  const option = 'collectors.database';
  expectKeys(option, database, ['slowQueryThresholdMs', 'intervalMs', 'timeoutMs', 'tableLimit']);
  const { slowQueryThresholdMs, intervalMs, timeoutMs, tableLimit } = database;
  return {
    slowQueryThresholdMs: durationMsOf(`${option}.slowQueryThresholdMs`, slowQueryThresholdMs, 500),
    intervalMs: intervalMsOf(`${option}.intervalMs`, intervalMs, 60_000),
    timeoutMs: intervalMsOf(`${option}.timeoutMs`, timeoutMs, 5_000),
    tableLimit: countOf(`${option}.tableLimit`, tableLimit, 50),
  };
}
