import { type GrafanaDashboard, query } from './grafana-dashboard.js';

const HTTP = 'http_request_duration_seconds_bucket{route=~"$route"}';

/** Requests: how many, how fast, how many went wrong. */
export const APPLICATION_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-application',
  title: 'Application Performance',
  description:
    'Request rate and duration, error rates by endpoint, response time percentiles and active requests.',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'Request rate',
          description: 'Requests answered in a second, by endpoint.',
          unit: 'reqps',
          queries: [
            query(
              'sum by (method, route) (rate(http_requests_total{route=~"$route"}[$__rate_interval]))',
              '{{method}} {{route}}',
            ),
          ],
        },
        {
          title: 'Answers by class of status',
          description:
            'A rise of 5xx is a fault of the application, of 4xx one of its callers, 499 are those who did not wait.',
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
          description:
            'Share of the requests that were answered with 5xx. Endpoints without errors are at zero.',
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
          title: 'Active requests',
          description:
            'Requests that are being answered. A line that only climbs is a leak, or a dependency that hangs.',
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
          description:
            'Half of the requests, 90, 95 and 99 in a hundred were faster. Streams of events are left out.',
          unit: 's',
          queries: [0.5, 0.9, 0.95, 0.99].map((q) =>
            query(`histogram_quantile(${q}, sum by (le) (rate(${HTTP}[$__rate_interval])))`, `p${q * 100}`),
          ),
        },
        {
          title: 'Slowest endpoints',
          description: 'The 95th percentile of the ten slowest endpoints.',
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
          description: 'Requests over http.slowRequestThresholdMs, by endpoint.',
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
          description:
            'Compare with the percentiles: a mean far above the median is a few very slow requests.',
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
