import { countOf, durationMsOf, expectKeys, intervalMsOf } from '../../options/option-checks.js';

/** What is measured of the databases that the application uses. */
export interface DatabaseCollectorOptions {
  /**
   * A statement that took longer counts in `db_client_slow_operations_total`, in milliseconds.
   * @default 500
   */
  readonly slowQueryThresholdMs?: number;
  /**
   * How often the statistics of the servers are read, in milliseconds.
   * @default 60000
   */
  readonly intervalMs?: number;
  /**
   * How long that may take, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * How many tables have series of their own, the most used first; the others are summed as `other`.
   * @default 50
   */
  readonly tableLimit?: number;
}

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
