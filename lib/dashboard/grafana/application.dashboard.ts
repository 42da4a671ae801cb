import { TO_ROUTE, UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { failedShare, STATUS_COLORS } from './shared-panels.js';
import { top } from './top.js';

const HTTP = 'http_request_duration_seconds_bucket{route=~"$route"}';

/** The rate, errors and duration of HTTP requests. */
export const APPLICATION_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.application,
  title: 'Application Performance',
  description:
    'Request rate and duration, error rates by endpoint, response time percentiles and requests in flight.',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'Request rate',
          description: 'Requests per second, of the ten busiest endpoints.',
          unit: 'reqps',
          links: [TO_ROUTE],
          queries: [
            query(
              top((range) => `sum by (method, route) (rate(http_requests_total{route=~"$route"}${range}))`),
              '{{method}} {{route}}',
            ),
          ],
        },
        {
          title: 'Responses by status class',
          description:
            'Responses per second. 5xx are errors of the application, 4xx errors of clients; 499 means that the client disconnected.',
          unit: 'reqps',
          stacked: true,
          colors: STATUS_COLORS,
          queries: [
            query(
              'sum by (class) (label_replace(rate(http_requests_total{route=~"$route"}[$__rate_interval]), "class", "${1}xx", "status_code", "(.).."))',
              '{{class}}',
            ),
          ],
        },
        {
          title: 'Error rate by endpoint',
          description:
            'Share of requests with a 5xx response, of the ten worst endpoints. Endpoints without errors are at zero.',
          unit: 'percentunit',
          links: [TO_ROUTE],
          queries: [
            query(
              top((range) => `(${failedShare('method, route', 'route=~"$route"', range)})`),
              '{{method}} {{route}}',
            ),
          ],
          max: 1,
        },
        {
          title: 'Requests in flight',
          description:
            'Requests being processed. A line that only rises means a leak or a dependency that hangs.',
          unit: 'short',
          queries: [query('sum by (method) (http_requests_in_progress{})', '{{method}}')],
        },
      ],
    },
    {
      title: 'Response time',
      panels: [
        {
          title: 'Response time percentiles',
          description: '50th, 90th, 95th and 99th percentile. Event streams are not included.',
          unit: 's',
          exemplars: true,
          queries: [0.5, 0.9, 0.95, 0.99].map((q) =>
            query(`histogram_quantile(${q}, sum by (le) (rate(${HTTP}[$__rate_interval])))`, `p${q * 100}`),
          ),
        },
        {
          title: 'Slowest endpoints',
          description: '95th percentile of the ten slowest endpoints.',
          unit: 's',
          links: [TO_ROUTE],
          queries: [
            query(
              top((range) => `histogram_quantile(0.95, sum by (method, route, le) (rate(${HTTP}${range})))`),
              '{{method}} {{route}}',
            ),
          ],
        },
        {
          title: 'Slow requests',
          description: 'Requests per second that took longer than http.slowRequestThresholdMs, by endpoint.',
          unit: 'reqps',
          queries: [
            query(
              top(
                (range) => `sum by (method, route) (rate(http_slow_requests_total{route=~"$route"}${range}))`,
              ),
              '{{method}} {{route}}',
            ),
          ],
        },
        {
          title: 'Mean response time',
          description: 'A mean far above the median (p50) means a few very slow requests.',
          unit: 's',
          queries: [
            query(
              top(
                (range) =>
                  `sum by (method, route) (rate(http_request_duration_seconds_sum{route=~"$route"}${range})) / (sum by (method, route) (rate(http_request_duration_seconds_count{route=~"$route"}${range})) > 0)`,
              ),
              '{{method}} {{route}}',
            ),
          ],
        },
        {
          kind: 'heatmap',
          title: 'Response times',
          description:
            'Requests by their duration: two bands are two kinds of requests that a percentile would mix. The dots lead to traces.',
          unit: 's',
          buckets: HTTP,
          width: 24,
        },
      ],
    },
    {
      title: 'Where the time goes',
      panels: [
        {
          title: 'Time by part',
          description:
            'Time of recorded requests by what they waited for: database, remote hosts, the event loop, the application itself.',
          unit: 'percentunit',
          stacked: true,
          queries: [
            query(
              'sum by (part) (rate(http_request_time_seconds_total{route=~"$route"}[$__rate_interval]))',
              '{{part}}',
            ),
          ],
        },
        {
          title: 'Statements per request',
          description:
            'Database statements of a recorded request on average, of the ten endpoints with the most, and requests per second that repeat a statement (N+1).',
          unit: 'short',
          links: [TO_ROUTE],
          queries: [
            query(
              top(
                (range) =>
                  `sum by (method, route) (rate(http_request_queries_total{route=~"$route"}${range})) / (sum by (method, route) (rate(http_recorded_requests_total{route=~"$route"}${range})) > 0)`,
              ),
              '{{method}} {{route}}',
            ),
            query(
              top(
                (range) =>
                  `sum by (method, route) (rate(http_n_plus_one_requests_total{route=~"$route"}${range}))`,
              ),
              'N+1: {{method}} {{route}}',
            ),
          ],
        },
      ],
    },
  ],
};
