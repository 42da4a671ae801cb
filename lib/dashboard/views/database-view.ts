import { by, p95, panel, rate, rateOfSum, value, type View } from './panel.js';
import { DATABASE_METRICS } from '../../metrics/metric-names.js';

const DURATION = DATABASE_METRICS.duration;

/** Database clients, their pools and the databases. */
export const DATABASE: View = {
  name: 'database',
  title: 'Database',
  empty: 'No database client found. Supported: TypeORM, pg, mysql2, Knex, Prisma and Mongoose.',
  panels: [
    panel('Queries', 'per second', [rate(DURATION, by('operation'))]),
    panel('Query duration (p95)', 'seconds', [p95(DURATION, by('operation'))]),
    panel('Query time by table', 'ratio', [rateOfSum(DURATION, by('table'))], {
      help: 'Time spent on queries per second.',
    }),
    panel('Query errors', 'per second', [rate(DATABASE_METRICS.errors, by('operation', 'error'))]),
    panel('Slow queries', 'per second', [rate(DATABASE_METRICS.slow, by('operation', 'table'))]),
    panel('Transactions', 'per second', [rate(DATABASE_METRICS.transactions, by('event'))]),
    panel('Pool connections', 'number', [value(DATABASE_METRICS.connections, by('state'))]),
    panel('Pending connection requests', 'number', [value(DATABASE_METRICS.pending, by('pool'))]),
    panel('PostgreSQL connections', 'number', [value('postgresql_connections', by('state'))]),
    panel('PostgreSQL database size', 'bytes', [value('postgresql_database_size_bytes', 'size')]),
    panel('PostgreSQL rows inserted', 'per second', [rate('postgresql_table_inserts_total', by('table'))]),
    panel('PostgreSQL dead rows', 'number', [value('postgresql_table_dead_rows', by('table'))]),
    panel('MySQL connections', 'number', [value('mysql_connections', by('state'))]),
    panel('SQLite database size', 'bytes', [value('sqlite_database_size_bytes', 'size')]),
  ],
};
