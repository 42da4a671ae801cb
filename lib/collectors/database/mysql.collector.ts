import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { Cumulative } from '../cumulative.js';
import { type Ask, DatabaseServerCollector, numberIn, textIn } from './database-server.collector.js';
import type { ResolvedDatabaseCollector } from './database.options.js';
import { TableStatistics } from './table-statistics.js';

/** The status variables that are counts, each with the metric and the label that it is shown by. */
const COUNTS: Readonly<
  Record<string, readonly [metric: 'commands' | 'scans' | 'pages' | 'waits', kind: string]>
> = {
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
const STATE = ['Threads_connected', 'Threads_running', 'Uptime', 'Slow_queries'];

/** All of it without any privilege; of tables, those that the user may see. */
const STATUS = `SHOW GLOBAL STATUS WHERE Variable_name IN (${[...Object.keys(COUNTS), ...STATE]
  .map((name) => `'${name}'`)
  .join(', ')})`;
const TABLES = `SELECT TABLE_NAME AS name, DATA_LENGTH AS data_bytes, INDEX_LENGTH AS index_bytes,
  TABLE_ROWS AS live_rows FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY DATA_LENGTH + INDEX_LENGTH DESC, 1`;

/** What counts the rows of tables that are read and changed: `userstat` of MariaDB, or the performance schema. */
const SWITCHES = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('userstat', 'performance_schema') AND Value = 'ON'`;
const ROWS: readonly (readonly [variable: string, sql: string])[] = [
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

/** What each MySQL or MariaDB that the application reaches says of itself, and of the tables of its database. */
export class MysqlCollector extends DatabaseServerCollector {
  readonly name = 'mysql';
  private readonly connections;
  private readonly uptime;
  private readonly hitRatio;
  private readonly slow;
  private readonly size;
  private readonly counts;
  private readonly tables: TableStatistics;

  constructor(objects: ApplicationObjects, registry: MetricsRegistry, options: ResolvedDatabaseCollector) {
    super(objects, ['mysql', 'mariadb'], options);
    const source = ['source'] as const;
    const table = ['source', 'table'] as const;
    this.connections = this.owned(
      registry.gauge('mysql_connections', 'Connections to the server, and those that run something.', {
        labelNames: ['source', 'state'],
      }),
    );
    this.uptime = this.owned(
      registry.gauge('mysql_uptime_seconds', 'How long the server has been up.', { labelNames: source }),
    );
    this.hitRatio = this.owned(
      registry.gauge('mysql_cache_hit_ratio', 'Share of pages that were found in memory, since the start.', {
        labelNames: source,
      }),
    );
    this.slow = new Cumulative(
      registry.counter('mysql_slow_queries_total', 'Statements that the server itself calls slow.', {
        labelNames: source,
      }),
    );
    this.size = this.owned(
      registry.gauge('mysql_database_size_bytes', 'Data and indexes of the tables of the database.', {
        labelNames: source,
      }),
    );
    const kinds = { labelNames: ['source', 'kind'] } as const;
    this.counts = {
      commands: new Cumulative(
        registry.counter('mysql_commands_total', 'Statements that the server has run.', kinds),
      ),
      scans: new Cumulative(
        registry.counter('mysql_full_scans_total', 'Statements that read whole tables.', kinds),
      ),
      pages: new Cumulative(
        registry.counter('mysql_buffer_pool_pages_total', 'Pages requested, and read from disk.', kinds),
      ),
      waits: new Cumulative(registry.counter('mysql_lock_waits_total', 'Waits for a lock.', kinds)),
    };
    this.tables = new TableStatistics(
      {
        rows_read: registry.counter('mysql_table_rows_read_total', 'Rows read, if the server counts them.', {
          labelNames: table,
        }),
        rows_changed: registry.counter(
          'mysql_table_rows_changed_total',
          'Rows inserted, updated or deleted, if the server counts them.',
          { labelNames: table },
        ),
      },
      {
        data_bytes: this.owned(
          registry.gauge('mysql_table_data_bytes', 'Data of the table.', { labelNames: table }),
        ),
        index_bytes: this.owned(
          registry.gauge('mysql_table_index_bytes', 'Indexes of the table.', { labelNames: table }),
        ),
        live_rows: this.owned(
          registry.gauge('mysql_table_live_rows', 'Rows, as estimated by the server.', { labelNames: table }),
        ),
      },
      this.tableLimit,
    );
  }

  protected async answersOf(source: string, ask: Ask): Promise<() => void> {
    const rows = await ask(STATUS);
    const tables = withRows(await ask(TABLES), await rowsOfTables(ask));
    return () => {
      const status = new Map(
        rows.map((row) => [textIn(row, 'Variable_name').toLowerCase(), numberIn(row, 'Value')]),
      );
      const valueOf = (name: string) => status.get(name.toLowerCase());
      for (const [name, [metric, kind]] of Object.entries(COUNTS)) {
        this.counts[metric].follow({ source, kind }, valueOf(name));
      }
      this.slow.follow({ source }, valueOf('Slow_queries'));
      const uptime = valueOf('Uptime');
      if (uptime !== undefined) this.uptime.set({ source }, uptime);
      for (const state of ['connected', 'running']) {
        const value = valueOf(`Threads_${state}`);
        if (value !== undefined) this.connections.set({ source, state }, value);
      }
      const requested = valueOf('Innodb_buffer_pool_read_requests') ?? 0;
      const read = valueOf('Innodb_buffer_pool_reads') ?? 0;
      if (requested > 0) this.hitRatio.set({ source }, Math.max(0, 1 - read / requested));
      this.size.set(
        { source },
        tables.reduce(
          (sum, row) => sum + (numberIn(row, 'data_bytes') ?? 0) + (numberIn(row, 'index_bytes') ?? 0),
          0,
        ),
      );
      this.tables.show(source, tables);
    };
  }
}

/** What the server counts of the rows of each table; nothing if it does not, or not for this user. */
async function rowsOfTables(ask: Ask): Promise<readonly SqlRow[]> {
  const switches = (await ask(SWITCHES)).map((row) => textIn(row, 'Variable_name').toLowerCase());
  for (const [variable, sql] of ROWS) {
    if (!switches.includes(variable)) continue;
    try {
      return await ask(sql);
    } catch (error) {
      if (!DENIED.includes(Number((error as { errno?: unknown }).errno))) throw error;
    }
  }
  return [];
}

function withRows(tables: readonly SqlRow[], counted: readonly SqlRow[]): SqlRow[] {
  const byName = new Map(counted.map((row) => [textIn(row, 'name'), row]));
  return tables.map((table) => ({ ...table, ...byName.get(textIn(table, 'name')) }));
}
