import { type GrafanaDashboard, query } from './grafana-dashboard.js';

/** Databases and caches, as the application sees them. */
export const DATABASE_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-database',
  title: 'Database & Cache',
  description: 'Statements, transactions and pools of databases; hits and misses of caches.',
  rows: [
    {
      title: 'Database',
      panels: [
        {
          title: 'Statements',
          description: 'Statements in a second, by kind.',
          unit: 'ops',
          queries: [
            query(
              'sum by (system, operation) (rate(db_client_operation_duration_seconds_count{}[$__rate_interval]))',
              '{{system}} {{operation}}',
            ),
          ],
        },
        {
          title: 'Time of a statement',
          description: 'The 95th percentile by kind.',
          unit: 's',
          queries: [
            query(
              'histogram_quantile(0.95, sum by (operation, le) (rate(db_client_operation_duration_seconds_bucket{}[$__rate_interval])))',
              '{{operation}}',
            ),
          ],
        },
        {
          title: 'Where the time goes',
          description: 'Seconds spent in a second on the statements of each table, the ten highest.',
          unit: 'percentunit',
          queries: [
            query(
              'topk(10, sum by (table) (rate(db_client_operation_duration_seconds_sum{}[$__rate_interval])))',
              '{{table}}',
            ),
          ],
        },
        {
          title: 'Transactions',
          description: 'Begun, committed and rolled back, in a second.',
          unit: 'ops',
          queries: [
            query('sum by (event) (rate(db_client_transactions_total{}[$__rate_interval]))', '{{event}}'),
          ],
        },
      ],
    },
    {
      title: 'Cache',
      panels: [
        {
          title: 'Hit rate',
          description: 'Share of the look-ups that found something.',
          unit: 'percentunit',
          queries: [
            query(
              'sum by (cache) (rate(cache_hits_total{}[$__rate_interval])) / (sum by (cache) (rate(cache_hits_total{}[$__rate_interval])) + sum by (cache) (rate(cache_misses_total{}[$__rate_interval])))',
              '{{cache}}',
            ),
          ],
          max: 1,
        },
        {
          title: 'Time of an operation',
          description: 'The 95th percentile by kind.',
          unit: 's',
          queries: [
            query(
              'histogram_quantile(0.95, sum by (operation, le) (rate(cache_operation_duration_seconds_bucket{}[$__rate_interval])))',
              '{{operation}}',
            ),
          ],
        },
      ],
    },
  ],
};
