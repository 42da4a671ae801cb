import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { alertTimeline, healthTimeline } from './shared-panels.js';
import { COLLECTOR_STATES } from './states.js';
import { top, topResults } from './top.js';

/** The alerts and health checks that the application evaluates itself, and the cost of monitoring. */
export const ALERTS_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.alerts,
  title: 'Alerts',
  description: 'What fired and what was unhealthy, since when, and whether monitoring itself works.',
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
          title: 'Notifications',
          description:
            'Notifications per minute to each alert handler, and those that failed or were dropped.',
          unit: 'cpm',
          queries: [
            query(
              '60 * sum by (handler) (rate(monitoring_notifications_total{}[$__rate_interval]))',
              '{{handler}}',
            ),
            query(
              '60 * sum by (handler) (rate(monitoring_notifications_failed_total{}[$__rate_interval]))',
              '{{handler}} failed',
            ),
            query(
              '60 * sum by (handler) (rate(monitoring_notifications_dropped_total{}[$__rate_interval]))',
              '{{handler}} dropped',
            ),
          ],
        },
        alertTimeline(),
        healthTimeline(),
        {
          title: 'Health of instances',
          description: 'Instances by the status of each check, where any is not healthy.',
          unit: 'short',
          queries: [
            query('count by (check) (monitoring_health_status{} < 1)', '{{check}} not healthy'),
            query('count (count by (instance) (monitoring_health_status{}))', 'instances'),
          ],
        },
        {
          kind: 'state-timeline',
          title: 'Collectors',
          description:
            'Whether the last run of each collector succeeded on every instance. The metrics of a failed collector are missing.',
          query: query('min by (collector) (monitoring_collector_success{})', '{{collector}}'),
          states: COLLECTOR_STATES,
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
          queries: [query(topResults('sum by (metric) (monitoring_series{})'), '{{metric}}')],
        },
        {
          title: 'Duration of collectors',
          description: 'Duration of the last run of the ten slowest collectors, on the slowest instance.',
          unit: 's',
          queries: [
            query(
              topResults('max by (collector) (monitoring_collector_duration_seconds{})'),
              '{{collector}}',
            ),
          ],
        },
        {
          title: 'Dropped',
          description:
            'Samples per second that were invalid, or beyond the series limit of their metric. Each is a mistake in the application.',
          unit: 'ops',
          queries: [
            query(
              top((range) => `sum by (metric, reason) (rate(monitoring_dropped_samples_total{}${range}))`),
              '{{metric}} {{reason}}',
            ),
            query(
              top((range) => `sum by (metric) (rate(monitoring_series_overflow_total{}${range}))`),
              '{{metric}} overflow',
            ),
            query('sum (rate(monitoring_history_dropped_samples_total{}[$__rate_interval]))', 'history'),
          ],
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
