import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { Cumulative } from '../cumulative.js';
import { type Ask, DatabaseServerCollector, numberIn, textIn } from './database-server.collector.js';
import type { ResolvedDatabaseCollector } from './database.options.js';
import { TableStatistics } from './table-statistics.js';

/** Views that every role may read; of connections of other roles, only a member of `pg_monitor` sees the state. */
const CONNECTIONS = `SELECT coalesce(state, 'unknown') AS state, count(*) AS connections FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1`;
const DATABASE = `SELECT xact_commit, xact_rollback, blks_hit, blks_read, deadlocks, temp_bytes,
  pg_database_size(current_database()) AS size FROM pg_stat_database WHERE datname = current_database()`;
const LOCKS = `SELECT lower(mode) AS mode, count(*) FILTER (WHERE granted) AS granted,
  count(*) FILTER (WHERE NOT granted) AS waiting FROM pg_locks
  WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid() GROUP BY 1`;
const TABLES = `SELECT CASE schemaname WHEN 'public' THEN relname ELSE schemaname || '.' || relname END AS name,
  n_tup_ins, n_tup_upd, n_tup_del, seq_scan, coalesce(idx_scan, 0) AS idx_scan, n_live_tup, n_dead_tup
  FROM pg_stat_user_tables
  ORDER BY n_tup_ins + n_tup_upd + n_tup_del + seq_scan + coalesce(idx_scan, 0) DESC, 1`;
/**
 * A replica that has replayed all that it has got is not behind, however long ago that was, as long as it gets
 * anything: without its primary it does not know what it lacks.
 */
const REPLICATION = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL
  WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
    AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) THEN 0
  ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS lag`;

/** Only a member of `pg_monitor` sees more of a replica than that it is there. */
const REPLICAS = `SELECT coalesce(application_name, 'unknown') AS replica, coalesce(state, 'unknown') AS state,
  count(*) AS replicas, max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
  ELSE pg_current_wal_lsn() END, replay_lsn)) AS lag_bytes, max(extract(epoch FROM replay_lag)) AS lag
  FROM pg_stat_replication GROUP BY 1, 2`;

/** What each PostgreSQL that the application reaches says of its database. */
export class PostgresqlCollector extends DatabaseServerCollector {
  readonly name = 'postgresql';
  private readonly connections;
  private readonly transactions;
  private readonly blocks;
  private readonly deadlocks;
  private readonly temporary;
  private readonly size;
  private readonly hitRatio;
  private readonly locks;
  private readonly lag;
  private readonly replicas;
  private readonly replicaLag;
  private readonly replicaLagBytes;
  private readonly tables: TableStatistics;

  constructor(objects: ApplicationObjects, registry: MetricsRegistry, options: ResolvedDatabaseCollector) {
    super(objects, ['postgresql'], options);
    const source = ['source'] as const;
    const table = ['source', 'table'] as const;
    this.connections = this.owned(
      registry.gauge('postgresql_connections', 'Connections to the database, by state, without our own.', {
        labelNames: ['source', 'state'],
      }),
    );
    this.transactions = new Cumulative(
      registry.counter('postgresql_transactions_total', 'Transactions of the database, by outcome.', {
        labelNames: ['source', 'outcome'],
      }),
    );
    this.blocks = new Cumulative(
      registry.counter('postgresql_blocks_total', 'Blocks that were found in memory or had to be read.', {
        labelNames: ['source', 'from'],
      }),
    );
    this.deadlocks = new Cumulative(
      registry.counter('postgresql_deadlocks_total', 'Deadlocks in the database.', { labelNames: source }),
    );
    this.temporary = new Cumulative(
      registry.counter('postgresql_temporary_bytes_total', 'Data that queries wrote to temporary files.', {
        labelNames: source,
      }),
    );
    this.size = this.owned(
      registry.gauge('postgresql_database_size_bytes', 'Size of the database on disk.', {
        labelNames: source,
      }),
    );
    this.hitRatio = this.owned(
      registry.gauge(
        'postgresql_cache_hit_ratio',
        'Share of blocks that were found in memory, since the statistics were reset.',
        { labelNames: source },
      ),
    );
    this.locks = this.owned(
      registry.gauge('postgresql_locks', 'Locks in the database, granted or waited for, without our own.', {
        labelNames: ['source', 'mode', 'state'],
      }),
    );
    this.lag = this.owned(
      registry.gauge(
        'postgresql_replication_lag_seconds',
        'How far a replica is behind; only of a replica.',
        {
          labelNames: source,
        },
      ),
    );
    this.replicas = this.owned(
      registry.gauge('postgresql_replicas', 'Replicas that are fed by the server, by state.', {
        labelNames: ['source', 'state'],
      }),
    );
    const replica = { labelNames: ['source', 'replica'] } as const;
    this.replicaLag = this.owned(
      registry.gauge(
        'postgresql_replica_lag_seconds',
        'How long ago the server wrote what a replica has replayed last; not of one that has nothing to replay.',
        replica,
      ),
    );
    this.replicaLagBytes = this.owned(
      registry.gauge('postgresql_replica_lag_bytes', 'What a replica has still to replay.', replica),
    );
    this.tables = new TableStatistics(
      {
        n_tup_ins: registry.counter('postgresql_table_inserts_total', 'Rows inserted.', {
          labelNames: table,
        }),
        n_tup_upd: registry.counter('postgresql_table_updates_total', 'Rows updated.', { labelNames: table }),
        n_tup_del: registry.counter('postgresql_table_deletes_total', 'Rows deleted.', { labelNames: table }),
        seq_scan: registry.counter('postgresql_table_sequential_scans_total', 'Scans of the whole table.', {
          labelNames: table,
        }),
        idx_scan: registry.counter('postgresql_table_index_scans_total', 'Scans by an index.', {
          labelNames: table,
        }),
      },
      {
        n_live_tup: this.owned(
          registry.gauge('postgresql_table_live_rows', 'Rows, as estimated by the server.', {
            labelNames: table,
          }),
        ),
        n_dead_tup: this.owned(
          registry.gauge('postgresql_table_dead_rows', 'Rows that wait for a vacuum, as estimated.', {
            labelNames: table,
          }),
        ),
      },
      this.tableLimit,
    );
  }

  protected async answersOf(source: string, ask: Ask): Promise<() => void> {
    const connections = await ask(CONNECTIONS);
    const [database] = await ask(DATABASE);
    const locks = await ask(LOCKS);
    const tables = await ask(TABLES);
    const [replication] = await ask(REPLICATION);
    const replicas = await ask(REPLICAS);
    return () => {
      for (const row of connections) {
        this.connections.set({ source, state: textIn(row, 'state') }, numberIn(row, 'connections') ?? 0);
      }
      this.transactions.follow({ source, outcome: 'committed' }, numberIn(database, 'xact_commit'));
      this.transactions.follow({ source, outcome: 'rolled_back' }, numberIn(database, 'xact_rollback'));
      const hit = numberIn(database, 'blks_hit') ?? 0;
      const read = numberIn(database, 'blks_read') ?? 0;
      this.blocks.follow({ source, from: 'memory' }, hit);
      this.blocks.follow({ source, from: 'disk' }, read);
      if (hit + read > 0) this.hitRatio.set({ source }, hit / (hit + read));
      this.deadlocks.follow({ source }, numberIn(database, 'deadlocks'));
      this.temporary.follow({ source }, numberIn(database, 'temp_bytes'));
      const size = numberIn(database, 'size');
      if (size !== undefined) this.size.set({ source }, size);
      for (const row of locks) {
        const mode = textIn(row, 'mode');
        this.locks.set({ source, mode, state: 'granted' }, numberIn(row, 'granted') ?? 0);
        this.locks.set({ source, mode, state: 'waiting' }, numberIn(row, 'waiting') ?? 0);
      }
      const lag = numberIn(replication, 'lag');
      if (lag !== undefined) this.lag.set({ source }, lag);
      for (const row of replicas) this.showReplica(source, row);
      this.tables.show(source, tables);
    };
  }

  private showReplica(source: string, row: SqlRow): void {
    const replica = textIn(row, 'replica');
    this.replicas.inc({ source, state: textIn(row, 'state') }, numberIn(row, 'replicas') ?? 0);
    const seconds = numberIn(row, 'lag');
    if (seconds !== undefined) this.replicaLag.set({ source, replica }, seconds);
    const bytes = numberIn(row, 'lag_bytes');
    if (bytes !== undefined) this.replicaLagBytes.set({ source, replica }, bytes);
  }
}
