import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { DURATION_THRESHOLDS, FAILURE_THRESHOLDS, share, STATUS_COLORS } from './shared-panels.js';
import { top } from './top.js';

const ALL = 'http_client_requests_total{}';
/** Responses with 5xx, and requests without a response. */
const FAILED = 'http_client_requests_total{status_code!~"[1234].."}';
const BUCKETS = 'http_client_request_duration_seconds_bucket{}';

/** The requests that the application sends to others. */
export const OUTGOING_HTTP_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.outgoing,
  title: 'Outgoing HTTP',
  description: 'Which remote host is slow or fails: the HTTP requests that the application sends.',
  rows: [
    {
      title: 'All hosts',
      panels: [
        {
          kind: 'stat',
          title: 'Requests',
          description: 'Requests sent per second.',
          unit: 'reqps',
          width: 6,
          query: query(`sum (rate(${ALL}[$__rate_interval]))`, 'requests'),
        },
        {
          kind: 'stat',
          title: 'Failed',
          description: 'Share of requests without a response, or with a 5xx response.',
          unit: 'percentunit',
          width: 6,
          query: query(share('', FAILED, ALL), 'failed'),
          thresholds: FAILURE_THRESHOLDS,
        },
        {
          kind: 'stat',
          title: 'Duration (p95)',
          description: '95 of 100 requests are faster.',
          unit: 's',
          width: 6,
          query: query(`histogram_quantile(0.95, sum by (le) (rate(${BUCKETS}[$__rate_interval])))`, 'p95'),
          thresholds: DURATION_THRESHOLDS,
        },
        {
          kind: 'stat',
          title: 'Under way',
          description: 'Requests under way at a time, on average: the rate times the duration.',
          unit: 'short',
          width: 6,
          query: query(
            'sum (rate(http_client_request_duration_seconds_sum{}[$__rate_interval]))',
            'under way',
          ),
        },
      ],
    },
    {
      title: 'By host',
      panels: [
        {
          kind: 'table',
          title: 'Hosts',
          description: 'The twenty hosts that the application waited for the longest within the time range.',
          labels: { host: 'Host' },
          columns: [
            {
              title: 'Waited',
              unit: 's',
              expr: 'topk(20, sum by (host) (increase(http_client_request_duration_seconds_sum{}[$__range])))',
            },
            { title: 'Requests', unit: 'short', expr: `sum by (host) (increase(${ALL}[$__range]))` },
            {
              title: 'Failed',
              unit: 'percentunit',
              expr: share('host', FAILED, ALL, '[$__range]'),
              thresholds: FAILURE_THRESHOLDS,
            },
            {
              title: 'Duration (p95)',
              unit: 's',
              expr: `histogram_quantile(0.95, sum by (host, le) (rate(${BUCKETS}[$__range])))`,
              thresholds: DURATION_THRESHOLDS,
            },
          ],
        },
        {
          kind: 'heatmap',
          title: 'Durations',
          description:
            'Requests by their duration. A band at the top is often a timeout. The dots lead to traces.',
          unit: 's',
          buckets: BUCKETS,
        },
        {
          title: 'Requests by host',
          description: 'Requests per second to the ten hosts that are asked most.',
          unit: 'reqps',
          queries: [
            query(
              top((range) => `sum by (host) (rate(${ALL}${range}))`),
              '{{host}}',
            ),
          ],
        },
        {
          title: 'Failed by host',
          description:
            'Share of requests without a response, or with a 5xx response, of the ten worst hosts.',
          unit: 'percentunit',
          max: 1,
          queries: [
            query(
              top((range) => `(${share('host', FAILED, ALL, range)})`),
              '{{host}}',
            ),
          ],
        },
        {
          title: 'Duration by host (p95)',
          description: '95th percentile of the ten slowest hosts.',
          unit: 's',
          queries: [
            query(
              top((range) => `histogram_quantile(0.95, sum by (host, le) (rate(${BUCKETS}${range})))`),
              '{{host}}',
            ),
          ],
        },
        {
          title: 'Errors',
          description: 'Requests per second without a response, by code or class of the error.',
          unit: 'reqps',
          queries: [
            query(
              top((range) => `sum by (host, error) (rate(http_client_errors_total{}${range}))`),
              '{{host}} {{error}}',
            ),
          ],
        },
        {
          title: 'Responses by status class',
          description: 'Responses per second.',
          unit: 'reqps',
          stacked: true,
          colors: STATUS_COLORS,
          width: 24,
          queries: [
            query(
              'sum by (class) (label_replace(rate(http_client_requests_total{status_code=~"[1-5].."}[$__rate_interval]), "class", "${1}xx", "status_code", "(.).."))',
              '{{class}}',
            ),
          ],
        },
      ],
    },
  ],
};
