import { type GrafanaDashboard, query } from './grafana-dashboard.js';

/** The alerts and health checks that the application evaluates itself, and the cost of monitoring. */
export const ALERTS_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-alerts',
  title: 'Alerts',
  description: 'Alerts and health checks that the application evaluates itself, and the cost of monitoring.',
  rows: [
    {
      title: 'Alerts and health',
      panels: [
        {
          title: 'Firing alerts',
          description: 'Firing alerts by rule, over all instances. Zero if no alert is firing.',
          unit: 'short',
          queries: [
            query(
              'sum by (alertname) (monitoring_alerts{alertstate="firing"}) or vector(0)',
              '{{alertname}}',
            ),
          ],
        },
        {
          title: 'Health checks',
          description: 'Status of each check: 1 healthy, 0.5 degraded, 0 unhealthy or critical.',
          unit: 'short',
          queries: [query('monitoring_health_status{}', '{{instance}} {{check}}')],
        },
        {
          title: 'Collectors',
          description:
            '1 if the last run of a collector succeeded, 0 if it failed. The metrics of a failed collector are missing.',
          unit: 'bool',
          queries: [query('monitoring_collector_success{}', '{{instance}} {{collector}}')],
          max: 1,
        },
      ],
    },
    {
      title: 'Monitoring',
      panels: [
        {
          title: 'Series by metric',
          description: 'The ten metrics with the most series. A label with too many values shows up here.',
          unit: 'short',
          queries: [query('topk(10, sum by (metric) (monitoring_series{}))', '{{metric}}')],
        },
        {
          title: 'Scrape duration percentiles',
          description: '50th and 95th percentile of the duration of scrapes.',
          unit: 's',
          queries: [0.5, 0.95].map((q) =>
            query(
              `histogram_quantile(${q}, sum by (le) (rate(monitoring_scrape_duration_seconds_bucket{}[$__rate_interval])))`,
              `p${q * 100}`,
            ),
          ),
        },
      ],
    },
  ],
};
