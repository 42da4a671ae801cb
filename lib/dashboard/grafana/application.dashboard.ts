import { type GrafanaDashboard, query } from './grafana-dashboard.js';

const HTTP = 'http_request_duration_seconds_bucket{route=~"$route"}';

/** The rate, errors and duration of HTTP requests. */
export const APPLICATION_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-application',
  title: 'Application Performance',
  description:
    'Request rate and duration, error rates by endpoint, response time percentiles and requests in flight.',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'Request rate',
          description: 'Requests per second, by endpoint.',
          unit: 'reqps',
          queries: [
            query(
              'sum by (method, route) (rate(http_requests_total{route=~"$route"}[$__rate_interval]))',
              '{{method}} {{route}}',
            ),
          ],
        },
        {
          title: 'Responses by status class',
          description:
            'Responses per second. 5xx are errors of the application, 4xx errors of clients; 499 means that the client disconnected.',
          unit: 'reqps',
          queries: [
            query(
              'sum by (class) (label_replace(rate(http_requests_total{route=~"$route"}[$__rate_interval]), "class", "${1}xx", "status_code", "(.).."))',
              '{{class}}',
            ),
          ],
        },
        {
          title: 'Error rate by endpoint',
          description: 'Share of requests with a 5xx response. Endpoints without errors are at zero.',
          unit: 'percentunit',
          queries: [
            query(
              '(sum by (method, route) (rate(http_requests_total{route=~"$route", status_code=~"5.."}[$__rate_interval])) or 0 * sum by (method, route) (rate(http_requests_total{route=~"$route"}[$__rate_interval]))) / sum by (method, route) (rate(http_requests_total{route=~"$route"}[$__rate_interval]))',
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
          queries: [0.5, 0.9, 0.95, 0.99].map((q) =>
            query(`histogram_quantile(${q}, sum by (le) (rate(${HTTP}[$__rate_interval])))`, `p${q * 100}`),
          ),
        },
        {
          title: 'Slowest endpoints',
          description: '95th percentile of the ten slowest endpoints.',
          unit: 's',
          queries: [
            query(
              `topk(10, histogram_quantile(0.95, sum by (method, route, le) (rate(${HTTP}[$__rate_interval]))))`,
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
              'sum by (method, route) (rate(http_slow_requests_total{route=~"$route"}[$__rate_interval]))',
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
              'sum by (route) (rate(http_request_duration_seconds_sum{route=~"$route"}[$__rate_interval])) / sum by (route) (rate(http_request_duration_seconds_count{route=~"$route"}[$__rate_interval]))',
              '{{route}}',
            ),
          ],
        },
      ],
    },
  ],
};
