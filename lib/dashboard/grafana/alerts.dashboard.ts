import { type GrafanaDashboard, query } from './grafana-dashboard.js';

/** What the application itself watches, and how the monitoring does. */
export const ALERTS_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-alerts',
  title: 'Alerts',
  description:
    'Alerts that the application evaluates itself, its health checks, and what the monitoring costs.',
  rows: [
    {
      title: 'Alerts and health',
      panels: [
        {
          title: 'Alerts that fire',
          description: 'By rule, over all instances; a line at zero when all is quiet.',
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
          description: 'How each check stands.',
          unit: 'short',
          queries: [query('monitoring_health_status{}', '{{instance}} {{check}}')],
        },
        {
          title: 'Collectors',
          description: '1 where the last run succeeded, 0 where it failed: then its figures are missing.',
          unit: 'bool',
          queries: [query('monitoring_collector_success{}', '{{instance}} {{collector}}')],
          max: 1,
        },
      ],
    },
    {
      title: 'What the monitoring costs',
      panels: [
        {
          title: 'Series',
          description: 'Series of each metric, the ten largest. A label with too many values shows here.',
          unit: 'short',
          queries: [query('topk(10, sum by (metric) (monitoring_series{}))', '{{metric}}')],
        },
        {
          title: 'Time of a scrape',
          description: 'Half of the scrapes and 95 in a hundred were faster.',
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
