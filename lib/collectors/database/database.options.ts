import {
  count,
  duration,
  flag,
  interval,
  type OptionTable,
  readOptions,
} from '../../options/option-table.js';

/** Options of the collectors of database clients and servers. */
export interface DatabaseCollectorOptions {
  /**
   * Duration above which a statement counts in `db_client_slow_operations_total`, in milliseconds.
   * @default 500
   */
  readonly slowQueryThresholdMs?: number;
  /**
   * True to read the statistics of database servers, such as replication and rows by table; false to measure the clients only.
   * @default true; false on AWS Lambda
   */
  readonly serverStatistics?: boolean;
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
  readonly maxTables?: number;
}

/** Options of the database collectors, with every default filled in. */
export type ResolvedDatabaseCollector = Required<DatabaseCollectorOptions>;

/** Options of the collectors of server statistics, which exist unless `serverStatistics` is false. */
export type ServerStatisticsOptions = Omit<ResolvedDatabaseCollector, 'serverStatistics'>;

export const DATABASE: OptionTable<DatabaseCollectorOptions> = {
  slowQueryThresholdMs: duration(500),
  serverStatistics: flag(true),
  intervalMs: interval(60_000),
  timeoutMs: interval(5_000),
  maxTables: count(50),
};

/** @throws {MonitoringOptionsError} */
export function resolveDatabaseCollector(
  database: DatabaseCollectorOptions | false = {},
): ResolvedDatabaseCollector | false {
  return database !== false && readOptions('collectors.database', database, DATABASE);
}
