import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { SqlRow } from '../../integrations/sql/sql-sources.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { DatabaseServerCollector, type RunQuery } from './database-server.collector.js';
import type { ServerStatisticsOptions } from './database.options.js';
import { raiseToKnown, setKnown } from './server-metrics.js';
import { numberIn, textIn } from './sql-rows.js';

/** Every role may read these views, but only members of `pg_monitor` see the state of other roles' connections. */
const CONNECTIONS = `SELECT coalesce(state, 'unknown') AS state, count(*) AS connections FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1`;
const DATABASE = `SELECT xact_commit, xact_rollback, blks_hit, blks_read, deadlocks, temp_bytes,
  pg_database_size(current_database()) AS size FROM pg_stat_database WHERE datname = current_database()`;
const LOCKS = `SELECT lower(mode) AS mode, count(*) FILTER (WHERE granted) AS granted,
  count(*) FILTER (WHERE NOT granted) AS waiting FROM pg_locks
  WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid <> pg_backend_pid() GROUP BY 1`;
const TABLES = `SELECT CASE schemaname WHEN 'public' THEN relname ELSE schemaname || '.' || relname END AS name,
  relid::text AS id, n_tup_ins, n_tup_upd, n_tup_del, seq_scan, coalesce(idx_scan, 0) AS idx_scan, n_live_tup, n_dead_tup
  FROM pg_stat_user_tables
  ORDER BY n_tup_ins + n_tup_upd + n_tup_del + seq_scan + coalesce(idx_scan, 0) DESC, 1`;
/**
 * A replica that has replayed everything it has received has no lag, however long ago that was, as long as it is
 * connected to its primary. Without the primary, what it lacks is unknown.
 */
const REPLICATION = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL
  WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
    AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) THEN 0
  ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS lag`;

/** Only members of `pg_monitor` see more of a replica than its existence. */
const REPLICAS = `SELECT coalesce(application_name, 'unknown') AS replica, coalesce(state, 'unknown') AS state,
  count(*) AS replicas, max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
  ELSE pg_current_wal_lsn() END, replay_lsn)) AS lag_bytes, max(extract(epoch FROM replay_lag)) AS lag
  FROM pg_stat_replication GROUP BY 1, 2`;

/** Gauges of the database and its replicas. */
const GAUGES = {
  connections: {
    name: 'postgresql_connections',
    help: 'Connections to the database, by state, without the one of this collector.',
    labelNames: ['source', 'state'],
  },
  size: {
    name: 'postgresql_database_size_bytes',
    help: 'Size of the database on disk.',
    labelNames: ['source'],
  },
  hitRatio: {
    name: 'postgresql_cache_hit_ratio',
    help: 'Share of blocks found in memory since the statistics were last reset.',
    labelNames: ['source'],
  },
  locks: {
    name: 'postgresql_locks',
    help: 'Locks in the database, granted or waiting, without those of this collector.',
    labelNames: ['source', 'mode', 'state'],
  },
  lag: {
    name: 'postgresql_replication_lag_seconds',
    help: 'Replication lag of this server; absent on a primary.',
    labelNames: ['source'],
  },
  replicas: {
    name: 'postgresql_replicas',
    help: 'Replicas connected to the server, by state.',
    labelNames: ['source', 'state'],
  },
  replicaLag: {
    name: 'postgresql_replica_lag_seconds',
    help: 'Replay lag of a replica, or of the slowest of those with one name; absent while there is nothing to replay.',
    labelNames: ['source', 'replica'],
  },
  replicaLagBytes: {
    name: 'postgresql_replica_lag_bytes',
    help: 'Write-ahead log that a replica, or the slowest of those with one name, has yet to replay.',
    labelNames: ['source', 'replica'],
  },
} as const;

/** Counters of the database. */
const COUNTERS = {
  transactions: {
    name: 'postgresql_transactions_total',
    help: 'Transactions in the database, by outcome.',
    labelNames: ['source', 'outcome'],
  },
  blocks: {
    name: 'postgresql_blocks_total',
    help: 'Blocks found in memory or read from disk.',
    labelNames: ['source', 'from'],
  },
  deadlocks: {
    name: 'postgresql_deadlocks_total',
    help: 'Deadlocks in the database.',
    labelNames: ['source'],
  },
  temporaryBytes: {
    name: 'postgresql_temporary_bytes_total',
    help: 'Data written to temporary files by queries.',
    labelNames: ['source'],
  },
} as const;

/** Gauges by column of the table statistics. */
const TABLE_GAUGES = {
  n_live_tup: {
    name: 'postgresql_table_live_rows',
    help: 'Rows, as estimated by the server.',
    labelNames: ['source', 'table'],
  },
  n_dead_tup: {
    name: 'postgresql_table_dead_rows',
    help: 'Dead rows not yet vacuumed, as estimated by the server.',
    labelNames: ['source', 'table'],
  },
} as const;

/** Counters by column of the table statistics. */
const TABLE_COUNTERS = {
  n_tup_ins: {
    name: 'postgresql_table_inserts_total',
    help: 'Rows inserted.',
    labelNames: ['source', 'table'],
  },
  n_tup_upd: {
    name: 'postgresql_table_updates_total',
    help: 'Rows updated.',
    labelNames: ['source', 'table'],
  },
  n_tup_del: {
    name: 'postgresql_table_deletes_total',
    help: 'Rows deleted.',
    labelNames: ['source', 'table'],
  },
  seq_scan: {
    name: 'postgresql_table_sequential_scans_total',
    help: 'Sequential scans of the table.',
    labelNames: ['source', 'table'],
  },
  idx_scan: {
    name: 'postgresql_table_index_scans_total',
    help: 'Index scans of the table.',
    labelNames: ['source', 'table'],
  },
} as const;

const POSTGRESQL = {
  systems: ['postgresql'],
  gauges: GAUGES,
  counters: COUNTERS,
  tableGauges: TABLE_GAUGES,
  tableCounters: TABLE_COUNTERS,
} as const;

/** A collector of the statistics of each PostgreSQL database that the application uses. */
export class PostgresqlCollector extends DatabaseServerCollector<typeof POSTGRESQL> {
  readonly name = 'postgresql';

  constructor(objects: ApplicationObjects, registry: MetricsRegistry, options: ServerStatisticsOptions) {
    super(POSTGRESQL, objects, registry, options);
  }

  protected async read(source: string, query: RunQuery): Promise<() => void> {
    const connections = await query(CONNECTIONS);
    const [database] = await query(DATABASE);
    const locks = await query(LOCKS);
    const tables = await query(TABLES);
    const [replication] = await query(REPLICATION);
    const replicas = await query(REPLICAS);
    return () => {
      for (const row of connections) {
        const state = textIn(row, 'state');
        this.gauges.connections.set({ source, state }, numberIn(row, 'connections') ?? 0);
      }
      this.updateDatabase(source, database);
      for (const row of locks) this.updateLocks(source, row);
      setKnown(this.gauges.lag, { source }, numberIn(replication, 'lag'));
      for (const row of replicas) this.updateReplica(source, row);
      this.tables.update(source, tables);
    };
  }

  private updateDatabase(source: string, row: SqlRow | undefined): void {
    const { transactions, blocks, deadlocks, temporaryBytes } = this.counters;
    transactions.update({ source, outcome: 'committed' }, numberIn(row, 'xact_commit'));
    transactions.update({ source, outcome: 'rolled_back' }, numberIn(row, 'xact_rollback'));
    const hit = numberIn(row, 'blks_hit') ?? 0;
    const read = numberIn(row, 'blks_read') ?? 0;
    blocks.update({ source, from: 'memory' }, hit);
    blocks.update({ source, from: 'disk' }, read);
    if (hit + read > 0) this.gauges.hitRatio.set({ source }, hit / (hit + read));
    deadlocks.update({ source }, numberIn(row, 'deadlocks'));
    temporaryBytes.update({ source }, numberIn(row, 'temp_bytes'));
    setKnown(this.gauges.size, { source }, numberIn(row, 'size'));
  }

  private updateLocks(source: string, row: SqlRow): void {
    const mode = textIn(row, 'mode');
    this.gauges.locks.set({ source, mode, state: 'granted' }, numberIn(row, 'granted') ?? 0);
    this.gauges.locks.set({ source, mode, state: 'waiting' }, numberIn(row, 'waiting') ?? 0);
  }

  /** Several replicas may have one name, such as the default `walreceiver`; the lag is that of the slowest. */
  private updateReplica(source: string, row: SqlRow): void {
    const replica = textIn(row, 'replica');
    this.gauges.replicas.inc({ source, state: textIn(row, 'state') }, numberIn(row, 'replicas') ?? 0);
    raiseToKnown(this.gauges.replicaLag, { source, replica }, numberIn(row, 'lag'));
    raiseToKnown(this.gauges.replicaLagBytes, { source, replica }, numberIn(row, 'lag_bytes'));
  }
}
