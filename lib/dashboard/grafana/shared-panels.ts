import { type GrafanaLink, type GrafanaPanel, query } from './grafana-dashboard.js';
import { ALERT_STATES, HEALTH_STATES } from './states.js';

/** Requests that an error of the application ended. */
const FAILED = 'status_code=~"5.."';

/** Colors of status classes: only what is wrong attracts the eye. */
export const STATUS_COLORS = { '^[123]': 'blue', '^4': 'orange', '^5': 'red' } as const;

/** Thresholds of a share of failures. */
export const FAILURE_THRESHOLDS = [
  { value: 0.01, color: 'yellow' },
  { value: 0.05, color: 'red' },
] as const;

/** Thresholds of a response time, in seconds. */
export const DURATION_THRESHOLDS = [
  { value: 0.5, color: 'yellow' },
  { value: 1, color: 'red' },
] as const;

/** Thresholds of a resource in use, as a share of its limit. */
export const SATURATION_THRESHOLDS = [
  { value: 0.7, color: 'yellow' },
  { value: 0.9, color: 'red' },
] as const;

/**
 * Returns the query of a share of events. Where none of them is bad, the share is zero rather than missing; without
 * events, there is none.
 *
 * @param by labels of the share, or an empty string for one of all
 * @param bad selector of the events that count
 * @param all selector of all events
 */
export function share(by: string, bad: string, all: string, range = '[$__rate_interval]'): string {
  const sum = by === '' ? 'sum' : `sum by (${by})`;
  const total = `${sum} (rate(${all}${range}))`;
  return `(${sum} (rate(${bad}${range})) or 0 * ${total}) / (${total} > 0)`;
}

/** Returns the query of the share of requests that failed. @param matchers further ones of the requests */
export function failedShare(by: string, matchers = '', range?: string): string {
  const all = `http_requests_total{${matchers}}`;
  const failed = `http_requests_total{${[matchers, FAILED].filter(Boolean).join(', ')}}`;
  return share(by, failed, all, range);
}

/** Returns the table of the routes with the most failures. */
export function failingRoutes(links: readonly GrafanaLink[]): GrafanaPanel {
  const failures = `topk(10, sum by (method, route) (increase(http_requests_total{${FAILED}}[$__range])) > 0)`;
  return {
    kind: 'table',
    title: 'Failing routes',
    description:
      'Requests with a 5xx response within the time range, and their share of all requests of the route. A click on a route opens it.',
    labels: { route: 'Route', method: 'Method' },
    links,
    columns: [
      { title: 'Failed', unit: 'short', expr: failures },
      {
        title: 'Share',
        unit: 'percentunit',
        expr: failedShare('method, route', '', '[$__range]'),
        thresholds: FAILURE_THRESHOLDS,
      },
    ],
  };
}

/** Returns the timeline of the health checks, each as the worst instance has it. */
export function healthTimeline(links: readonly GrafanaLink[] = []): GrafanaPanel {
  return {
    kind: 'state-timeline',
    title: 'Health checks',
    description: 'Status of each check on the instance where it is worst.',
    query: query('min by (check) (monitoring_health_status{})', '{{check}}'),
    states: HEALTH_STATES,
    links,
  };
}

/** Returns the timeline of the alerts. */
export function alertTimeline(links: readonly GrafanaLink[] = []): GrafanaPanel {
  return {
    kind: 'state-timeline',
    title: 'Alerts',
    description:
      'Alerts that the application evaluates itself: pending until their condition has lasted, then firing. Empty without alerts.',
    query: query(
      'max by (alertname, severity) (2 * (monitoring_alerts{alertstate="firing"} > bool 0) or (monitoring_alerts{alertstate="pending"} > bool 0)) > 0',
      '{{alertname}} ({{severity}})',
    ),
    states: ALERT_STATES,
    links,
  };
}
