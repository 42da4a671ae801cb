import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { DatabaseServerCollector, type RunQuery } from './database-server.collector.js';
import type { ServerStatisticsOptions } from './database.options.js';
import { setKnown } from './server-metrics.js';
import { numberIn, textIn } from './sql-rows.js';

type KindCounter = 'commands' | 'scans' | 'pages' | 'waits';

/** Counters and their label `kind`, by status variable. */
const STATUS_COUNTS: Readonly<Record<string, readonly [counter: KindCounter, kind: string]>> = {
  Com_commit: ['commands', 'commit'],
  Com_rollback: ['commands', 'rollback'],
  Com_select: ['commands', 'select'],
  Com_insert: ['commands', 'insert'],
  Com_update: ['commands', 'update'],
  Com_delete: ['commands', 'delete'],
  Select_scan: ['scans', 'table'],
  Select_full_join: ['scans', 'join'],
  Innodb_buffer_pool_read_requests: ['pages', 'requested'],
  Innodb_buffer_pool_reads: ['pages', 'read'],
  Innodb_row_lock_waits: ['waits', 'row'],
  Table_locks_waited: ['waits', 'table'],
};
/** Status variables beside those. */
const OTHER_STATUS = ['Threads_connected', 'Threads_running', 'Uptime', 'Slow_queries'];

/** No statement needs a privilege; tables that the user may not see are left out. */
const STATUS = `SHOW GLOBAL STATUS WHERE Variable_name IN (${[...Object.keys(STATUS_COUNTS), ...OTHER_STATUS]
  .map((name) => `'${name}'`)
  .join(', ')})`;
/** The server keeps the row counts of a table by its name. */
const TABLES = `SELECT TABLE_NAME AS name, TABLE_NAME AS id, DATA_LENGTH AS data_bytes, INDEX_LENGTH AS index_bytes,
  TABLE_ROWS AS live_rows FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY DATA_LENGTH + INDEX_LENGTH DESC, 1`;

/** Variables that enable row counts by table: `userstat` of MariaDB, or the performance schema. */
const ROW_COUNT_SWITCHES = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('userstat', 'performance_schema') AND Value = 'ON'`;
const ROW_COUNTS: readonly (readonly [variable: string, sql: string])[] = [
  [
    'userstat',
    `SELECT TABLE_NAME AS name, ROWS_READ AS rows_read, ROWS_CHANGED AS rows_changed
    FROM information_schema.TABLE_STATISTICS WHERE TABLE_SCHEMA = DATABASE()`,
  ],
  [
    'performance_schema',
    `SELECT OBJECT_NAME AS name, COUNT_FETCH AS rows_read,
    COUNT_INSERT + COUNT_UPDATE + COUNT_DELETE AS rows_changed
    FROM performance_schema.table_io_waits_summary_by_table
    WHERE OBJECT_SCHEMA = DATABASE() AND OBJECT_TYPE = 'TABLE'`,
  ],
];
/** ER_TABLEACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR and ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const DENIED = [1142, 1044, 1227];

/** Gauges of the server and the database. */
const GAUGES = {
  connections: {
    name: 'mysql_connections',
    help: 'Connections to the server, by state: connected or running.',
    labelNames: ['source', 'state'],
  },
  uptime: {
    name: 'mysql_uptime_seconds',
    help: 'Uptime of the server.',
    labelNames: ['source'],
  },
  hitRatio: {
    name: 'mysql_cache_hit_ratio',
    help: 'Share of page requests found in memory since the server started.',
    labelNames: ['source'],
  },
  size: {
    name: 'mysql_database_size_bytes',
    help: 'Size of data and indexes of the tables in the database.',
    labelNames: ['source'],
  },
} as const;

/** Counters of the server. */
const COUNTERS = {
  commands: {
    name: 'mysql_commands_total',
    help: 'Statements run by the server, by kind.',
    labelNames: ['source', 'kind'],
  },
  scans: {
    name: 'mysql_full_scans_total',
    help: 'Statements that scanned whole tables.',
    labelNames: ['source', 'kind'],
  },
  pages: {
    name: 'mysql_buffer_pool_pages_total',
    help: 'Buffer pool pages requested, and pages read from disk.',
    labelNames: ['source', 'kind'],
  },
  waits: {
    name: 'mysql_lock_waits_total',
    help: 'Waits for a lock, by kind.',
    labelNames: ['source', 'kind'],
  },
  slow: {
    name: 'mysql_slow_queries_total',
    help: 'Statements slower than `long_query_time` of the server.',
    labelNames: ['source'],
  },
} as const;

/** Gauges by column of the table statistics. */
const TABLE_GAUGES = {
  data_bytes: {
    name: 'mysql_table_data_bytes',
    help: 'Size of the data of the table.',
    labelNames: ['source', 'table'],
  },
  index_bytes: {
    name: 'mysql_table_index_bytes',
    help: 'Size of the indexes of the table.',
    labelNames: ['source', 'table'],
  },
  live_rows: {
    name: 'mysql_table_live_rows',
    help: 'Rows, as estimated by the server.',
    labelNames: ['source', 'table'],
  },
} as const;

/** Counters by column of the table statistics. */
const TABLE_COUNTERS = {
  rows_read: {
    name: 'mysql_table_rows_read_total',
    help: 'Rows read, if the server counts them.',
    labelNames: ['source', 'table'],
  },
  rows_changed: {
    name: 'mysql_table_rows_changed_total',
    help: 'Rows inserted, updated or deleted, if the server counts them.',
    labelNames: ['source', 'table'],
  },
} as const;

const MYSQL = {
  systems: ['mysql', 'mariadb'],
  gauges: GAUGES,
  counters: COUNTERS,
  tableGauges: TABLE_GAUGES,
  tableCounters: TABLE_COUNTERS,
} as const;

/** A collector of the statistics of each MySQL or MariaDB server that the application uses. */
export class MysqlCollector extends DatabaseServerCollector<typeof MYSQL> {
  readonly name = 'mysql';

  constructor(objects: ApplicationObjects, registry: MetricsRegistry, options: ServerStatisticsOptions) {
    super(MYSQL, objects, registry, options);
  }

  protected async read(source: string, query: RunQuery): Promise<() => void> {
    const status = await query(STATUS);
    const tables = withRowCounts(await query(TABLES), await readRowCounts(query));
    return () => {
      this.updateStatus(source, status);
      this.gauges.size.set({ source }, sizeOf(tables));
      this.tables.update(source, tables);
    };
  }

  private updateStatus(source: string, rows: readonly SqlRow[]): void {
    const status = new Map(
      rows.map((row) => [textIn(row, 'Variable_name').toLowerCase(), numberIn(row, 'Value')]),
    );
    const valueOf = (name: string) => status.get(name.toLowerCase());
    for (const [name, [counter, kind]] of Object.entries(STATUS_COUNTS)) {
      this.counters[counter].update({ source, kind }, valueOf(name));
    }
    this.counters.slow.update({ source }, valueOf('Slow_queries'));
    setKnown(this.gauges.uptime, { source }, valueOf('Uptime'));
    for (const state of ['connected', 'running']) {
      setKnown(this.gauges.connections, { source, state }, valueOf(`Threads_${state}`));
    }
    const requested = valueOf('Innodb_buffer_pool_read_requests') ?? 0;
    const read = valueOf('Innodb_buffer_pool_reads') ?? 0;
    if (requested > 0) this.gauges.hitRatio.set({ source }, Math.max(0, 1 - read / requested));
  }
}

/** Returns the row counts of each table; empty if they are not enabled or the user may not read them. */
async function readRowCounts(query: RunQuery): Promise<readonly SqlRow[]> {
  const enabled = (await query(ROW_COUNT_SWITCHES)).map((row) => textIn(row, 'Variable_name').toLowerCase());
  for (const [variable, sql] of ROW_COUNTS) {
    if (!enabled.includes(variable)) continue;
    try {
      return await query(sql);
    } catch (error) {
      if (!DENIED.includes(Number((error as { errno?: unknown }).errno))) throw error;
    }
  }
  return [];
}

function withRowCounts(tables: readonly SqlRow[], counts: readonly SqlRow[]): SqlRow[] {
  const byName = new Map(counts.map((row) => [textIn(row, 'name'), row]));
  return tables.map((table) => ({ ...table, ...byName.get(textIn(table, 'name')) }));
}

function sizeOf(tables: readonly SqlRow[]): number {
  return tables.reduce(
    (sum, row) => sum + (numberIn(row, 'data_bytes') ?? 0) + (numberIn(row, 'index_bytes') ?? 0),
    0,
  );
}
