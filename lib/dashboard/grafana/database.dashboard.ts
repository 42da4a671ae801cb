import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { top } from './top.js';

/** The database and cache operations of the application. */
export const DATABASE_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.database,
  title: 'Database & Cache',
  description: 'Database queries and transactions; cache hits and operations.',
  rows: [
    {
      title: 'Database',
      panels: [
        {
          title: 'Queries',
          description: 'Queries per second, of the ten most frequent operations.',
          unit: 'ops',
          queries: [
            query(
              top(
                (range) =>
                  `sum by (system, operation) (rate(db_client_operation_duration_seconds_count{}${range}))`,
              ),
              '{{system}} {{operation}}',
            ),
          ],
        },
        {
          title: 'Query duration (p95)',
          description: '95th percentile of the ten slowest operations.',
          unit: 's',
          queries: [
            query(
              top(
                (range) =>
                  `histogram_quantile(0.95, sum by (operation, le) (rate(db_client_operation_duration_seconds_bucket{}${range})))`,
              ),
              '{{operation}}',
            ),
          ],
        },
        {
          title: 'Query time by table',
          description: 'Time spent on queries per second, for the ten tables with the most.',
          unit: 'percentunit',
          queries: [
            query(
              top((range) => `sum by (table) (rate(db_client_operation_duration_seconds_sum{}${range}))`),
              '{{table}}',
            ),
          ],
        },
        {
          title: 'Transactions',
          description: 'Transactions begun, committed and rolled back per second.',
          unit: 'ops',
          queries: [
            query('sum by (event) (rate(db_client_transactions_total{}[$__rate_interval]))', '{{event}}'),
          ],
        },
        {
          kind: 'heatmap',
          title: 'Statement durations',
          description: 'Statements by their duration. The dots lead to traces.',
          unit: 's',
          buckets: 'db_client_operation_duration_seconds_bucket{}',
        },
        {
          title: 'Slow statements',
          description:
            'Statements per second that took longer than the threshold, of the ten slowest tables.',
          unit: 'ops',
          queries: [
            query(
              top((range) => `sum by (operation, table) (rate(db_client_slow_operations_total{}${range}))`),
              '{{operation}} {{table}}',
            ),
          ],
        },
      ],
    },
    {
      title: 'Cache',
      panels: [
        {
          title: 'Cache hit rate',
          description: 'Share of lookups that are hits.',
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
          title: 'Cache evictions',
          description: 'Entries per second that caches in memory removed to make room for others.',
          unit: 'ops',
          queries: [
            query(
              top((range) => `sum by (cache) (rate(cache_evictions_total{}${range}))`),
              '{{cache}}',
            ),
          ],
        },
        {
          title: 'Cache operation duration (p95)',
          description: '95th percentile, by operation.',
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
