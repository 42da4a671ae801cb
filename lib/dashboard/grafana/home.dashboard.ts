import { TO_ROUTE, UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, type GrafanaPanel, query } from './grafana-dashboard.js';
import {
  alertTimeline,
  DURATION_THRESHOLDS,
  FAILURE_THRESHOLDS,
  failedShare,
  failingRoutes,
  healthTimeline,
  SATURATION_THRESHOLDS,
  STATUS_COLORS,
} from './shared-panels.js';
import { top } from './top.js';

const FIRST_IS_RED = [{ value: 1, color: 'red' }] as const;

/** The figures that say whether something is wrong, and where to look. */
const FIGURES: readonly GrafanaPanel[] = [
  {
    kind: 'stat',
    title: 'Requests',
    description: 'Requests per second.',
    unit: 'reqps',
    query: query('sum (rate(http_requests_total{}[$__rate_interval]))', 'requests'),
    links: [{ title: 'Application Performance', to: UIDS.application }],
  },
  {
    kind: 'stat',
    title: 'Failed requests',
    description: 'Share of requests with a 5xx response.',
    unit: 'percentunit',
    query: query(failedShare(''), 'failed'),
    thresholds: FAILURE_THRESHOLDS,
    links: [{ title: 'Errors', to: UIDS.errors }],
  },
  {
    kind: 'stat',
    title: 'Response time (p95)',
    description: '95 of 100 requests are faster. Event streams are not included.',
    unit: 's',
    query: query(
      'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{}[$__rate_interval])))',
      'p95',
    ),
    thresholds: DURATION_THRESHOLDS,
    links: [{ title: 'Application Performance', to: UIDS.application }],
  },
  {
    kind: 'stat',
    title: 'Exceptions',
    description: 'Exceptions per minute: of requests, jobs and messages.',
    unit: 'cpm',
    query: query('60 * sum (rate(exceptions_total{}[$__rate_interval]))', 'exceptions'),
    noValue: '0',
    links: [{ title: 'Errors', to: UIDS.errors }],
  },
  {
    kind: 'stat',
    title: 'Busiest event loop',
    description: 'Utilization of the event loop of the busiest instance. Near 100 %, it is saturated.',
    unit: 'percentunit',
    query: query('max (nodejs_eventloop_utilization_ratio{})', 'utilization'),
    thresholds: SATURATION_THRESHOLDS,
    links: [{ title: 'Saturation', to: UIDS.saturation }],
  },
  {
    kind: 'stat',
    title: 'Firing alerts',
    description: 'Alerts that the application evaluates itself.',
    unit: 'short',
    query: query('sum (monitoring_alerts{alertstate="firing"}) or vector(0)', 'firing'),
    thresholds: FIRST_IS_RED,
    links: [{ title: 'Alerts', to: UIDS.alerts }],
  },
  {
    kind: 'stat',
    title: 'Failing checks',
    description: 'Health checks that are degraded or unhealthy on any instance.',
    unit: 'short',
    query: query('count (min by (check) (monitoring_health_status{}) < 1) or vector(0)', 'failing'),
    thresholds: FIRST_IS_RED,
    links: [{ title: 'Alerts', to: UIDS.alerts }],
  },
  {
    kind: 'stat',
    title: 'Instances',
    description: 'Processes that are scraped.',
    unit: 'short',
    query: query('count (process_start_time_seconds{})', 'instances'),
    links: [{ title: 'Runtime', to: UIDS.runtime }],
  },
];

/** The dashboard to begin with: is something wrong, since when, and where. */
export const HOME_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.home,
  title: 'Home',
  description:
    'Is something wrong, since when, and where: the figures that matter, each with the way to its cause.',
  rows: [
    { title: 'Now', panels: FIGURES },
    {
      title: 'Requests',
      panels: [
        failingRoutes([TO_ROUTE]),
        {
          title: 'Responses by status class',
          description: 'Responses per second. 5xx are errors of the application, 4xx errors of clients.',
          unit: 'reqps',
          stacked: true,
          colors: STATUS_COLORS,
          queries: [
            query(
              'sum by (class) (label_replace(rate(http_requests_total{}[$__rate_interval]), "class", "${1}xx", "status_code", "(.).."))',
              '{{class}}',
            ),
          ],
        },
        {
          kind: 'heatmap',
          title: 'Response times',
          description:
            'Requests by their duration: two bands are two kinds of requests that a percentile would mix. The dots lead to traces.',
          unit: 's',
          buckets: 'http_request_duration_seconds_bucket{}',
        },
        {
          title: 'Slowest routes (p95)',
          description: '95th percentile of the ten slowest routes of the time range.',
          unit: 's',
          links: [TO_ROUTE],
          queries: [
            query(
              top(
                (range) =>
                  `histogram_quantile(0.95, sum by (method, route, le) (rate(http_request_duration_seconds_bucket{}${range})))`,
              ),
              '{{method}} {{route}}',
            ),
          ],
        },
      ],
    },
    {
      title: 'State',
      panels: [
        healthTimeline([{ title: 'Alerts', to: UIDS.alerts }]),
        alertTimeline([{ title: 'Alerts', to: UIDS.alerts }]),
      ],
    },
    {
      title: 'Instances',
      panels: [
        {
          kind: 'table',
          title: 'Instances',
          description:
            'The twenty instances with the busiest event loop. One that differs from the others is worth a look.',
          width: 24,
          labels: { instance: 'Instance' },
          columns: [
            {
              title: 'Event loop',
              unit: 'percentunit',
              expr: 'topk(20, max by (instance) (nodejs_eventloop_utilization_ratio{}))',
              thresholds: SATURATION_THRESHOLDS,
            },
            {
              title: 'Event loop lag (p99)',
              unit: 's',
              expr: 'max by (instance) (nodejs_eventloop_lag_p99_seconds{})',
            },
            {
              title: 'CPU',
              unit: 'percentunit',
              expr: 'sum by (instance) (rate(process_cpu_seconds_total{}[$__rate_interval]))',
            },
            { title: 'Memory', unit: 'bytes', expr: 'sum by (instance) (process_resident_memory_bytes{})' },
            {
              title: 'Requests',
              unit: 'reqps',
              expr: 'sum by (instance) (rate(http_requests_total{}[$__rate_interval]))',
            },
            {
              title: 'Failed',
              unit: 'percentunit',
              expr: failedShare('instance'),
              thresholds: FAILURE_THRESHOLDS,
            },
            {
              title: 'Running for',
              unit: 's',
              expr: 'min by (instance) (time() - process_start_time_seconds{})',
            },
          ],
        },
      ],
    },
  ],
};
