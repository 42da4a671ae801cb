import { by, p95, panel, per, percentiles, rate, value, type View } from './panel.js';
import { EVENT_LOOP_LAG, PROCESS_MEMORY } from './runtime-view.js';
import { HTTP_METRICS, HTTP_WAIT_METRICS, OUTGOING_HTTP_METRICS } from '../../metrics/metric-names.js';

const REQUEST_RATE = panel(
  'Request rate',
  'per second',
  [
    rate(HTTP_METRICS.requests, 'successful (1xx–3xx)', { status_code: /[123]../ }),
    rate(HTTP_METRICS.requests, 'client errors (4xx)', { status_code: /4../ }),
    rate(HTTP_METRICS.requests, 'server errors (5xx)', { status_code: /5../ }),
  ],
  { help: 'Responses per second, by status class.' },
);

const RESPONSE_TIME = panel('Response time percentiles', 'seconds', percentiles(HTTP_METRICS.duration));

/** The start page: the most important charts. */
export const OVERVIEW: View = {
  name: 'overview',
  title: 'Overview',
  empty: 'Waiting for the first sample.',
  panels: [REQUEST_RATE, RESPONSE_TIME, EVENT_LOOP_LAG, PROCESS_MEMORY],
};

/** Incoming and outgoing HTTP requests. */
export const REQUESTS: View = {
  name: 'requests',
  title: 'Requests',
  empty: 'No requests yet.',
  panels: [
    REQUEST_RATE,
    RESPONSE_TIME,
    panel('Requests in flight', 'number', [value(HTTP_METRICS.inProgress, by('method'))]),
    panel('Slow requests', 'per second', [rate(HTTP_METRICS.slow, by('method', 'route'))]),
    panel('Outgoing requests', 'per second', [rate(OUTGOING_HTTP_METRICS.requests, by('host'))]),
    panel('Outgoing response time (p95)', 'seconds', [p95(OUTGOING_HTTP_METRICS.duration, by('host'))]),
  ],
};

/** The names of the results of requests, and the status codes of each. */
const OUTCOMES = [
  ['succeeded', /[123]../],
  ['client errors (4xx)', /4../],
  ['server errors (5xx)', /5../],
] as const;

/** Returns the charts of one route. */
export function routeView(method: string, route: string): View {
  const labels = { method, route };
  return {
    name: `route ${JSON.stringify([method, route])}`,
    title: `${method} ${route}`,
    empty: 'No requests in this time range.',
    panels: [
      panel('Responses', 'per second', [rate(HTTP_METRICS.requests, by('status_code'), labels)], {
        help: 'Responses per second, by status code.',
      }),
      panel(
        'Response time percentiles',
        'seconds',
        percentiles(HTTP_METRICS.duration, labels),
        // The vital is in milliseconds.
        { threshold: 'response_time_ms', thresholdScale: 0.001 },
      ),
      panel(
        'Where the time goes',
        'seconds',
        [per(HTTP_WAIT_METRICS.recorded, rate(HTTP_WAIT_METRICS.time, by('part'), labels))],
        { help: 'Time for each recorded request, on average, by what it was spent on.', isStacked: true },
      ),
      panel(
        'Response time (p95) of success and failure',
        'seconds',
        OUTCOMES.map(([name, codes]) => p95(HTTP_METRICS.duration, name, { ...labels, status_code: codes })),
        { help: '95th percentile, by the class of the status.' },
      ),
      panel(
        'Database statements per request',
        'number',
        [per(HTTP_WAIT_METRICS.recorded, rate(HTTP_WAIT_METRICS.queries, 'statements', labels))],
        { help: 'For each recorded request, on average.' },
      ),
      panel('Slow requests', 'per second', [rate(HTTP_METRICS.slow, 'slow', labels)]),
    ],
  };
}
