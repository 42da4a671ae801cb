import type { AlertRule } from 'nestjs-monitoring';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const requests = { metric: 'http_requests_total' } as const;
const SERVER_ERROR = /5../;

/**
 * What somebody is to be told of. The windows are short, so that there is something to see in a minute; a real
 * service would rather take minutes where there are seconds.
 */
export const alertRules: readonly AlertRule[] = [
  {
    name: 'route_fails',
    condition: {
      ...requests,
      labels: { status_code: SERVER_ERROR },
      aggregate: 'rate',
      windowMs: 30 * SECOND,
      groupBy: ['route'],
      dividedBy: { ...requests, aggregate: 'rate', windowMs: 30 * SECOND, groupBy: ['route'] },
      operator: '>',
      threshold: 0.2,
    },
    forMs: 5 * SECOND,
    severity: 'critical',
    message: '{{ labels.route }} fails: {{ value | humanizePercentage }} of its requests',
  },
  {
    name: 'route_is_slow',
    condition: {
      metric: 'http_request_duration_seconds',
      // The revenue report waits for somebody else.
      labels: { route: { not: '/api/reports/revenue' } },
      aggregate: 'p95',
      windowMs: 30 * SECOND,
      groupBy: ['route'],
      operator: '>',
      threshold: 0.4,
    },
    forMs: 5 * SECOND,
    severity: 'warning',
    message: 'One in twenty requests to {{ labels.route }} takes longer than {{ value | printf "%.1f" }} s',
  },
  {
    name: 'availability',
    slo: {
      objective: 99.5,
      total: requests,
      errors: { ...requests, labels: { status_code: SERVER_ERROR } },
      burnRates: [{ longMs: HOUR, shortMs: 5 * MINUTE, factor: 14.4, severity: 'critical' }],
    },
    message:
      'The error budget of 30 days would be used up in two: {{ value | humanizePercentage }} of the requests fail',
  },
  {
    name: 'payments_are_refused',
    condition: {
      ...requests,
      labels: { route: /\/api\/payments.*/, status_code: ['401', '403'] },
      aggregate: 'rate',
      windowMs: MINUTE,
      groupBy: [],
      dividedBy: {
        ...requests,
        labels: { route: /\/api\/payments.*/ },
        aggregate: 'rate',
        windowMs: MINUTE,
        groupBy: [],
      },
      operator: '>',
      threshold: 0.8,
    },
    forMs: 30 * SECOND,
    severity: 'warning',
    message: 'Most payments come without a valid key',
  },
  {
    name: 'event_loop_is_blocked',
    condition: { metric: 'nodejs_eventloop_lag_p99_seconds', operator: '>', threshold: 0.25 },
    forMs: 10 * SECOND,
    severity: 'warning',
    message: 'The event loop is late by {{ value | printf "%.2f" }} s',
  },
];
