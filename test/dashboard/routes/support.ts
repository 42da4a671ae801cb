import type { MetricsHistory, MetricsRegistry } from 'nestjs-monitoring';
import { RouteQueries } from '../../../lib/dashboard/routes/route-queries.js';
import type { RouteSelection } from '../../../lib/dashboard/routes/route-list.js';
import { ViewReader } from '../../../lib/dashboard/views/view-data.js';
import { past, type Past } from '../../history/support.js';

/** The limits that `error_rate_percent` and `response_time_ms` have in these tests. */
const LIMITS = {
  error_rate_percent: [
    { value: 5, severity: 'warning' },
    { value: 10, severity: 'critical' },
  ],
  response_time_ms: [
    { value: 1_000, severity: 'warning' },
    { value: 2_000, severity: 'critical' },
  ],
} as const;

/** Requests of a route between two samples. */
export interface Traffic {
  readonly method?: string;
  readonly route: string;
  readonly status?: number;
  readonly count: number;
  readonly seconds?: number;
}

/** The routes of an application whose time and requests belong to the test. */
export interface RoutesOfThePast extends Past {
  readonly queries: RouteQueries;
  readonly serve: (traffic: Traffic) => void;
}

export function routesOfThePast(intervalMs = 15_000): RoutesOfThePast {
  const time = past({ intervalMs });
  const { registry, history } = time;
  const labelNames = ['method', 'route', 'status_code'] as const;
  const requests = registry.counter('http_requests_total', 'Requests.', { labelNames });
  const durations = registry.histogram('http_request_duration_seconds', 'Durations.', {
    labelNames,
    buckets: [0.01, 0.1, 1, 10],
  });
  history.retain({ metric: 'http_requests_total' });
  history.retain({ metric: 'http_request_duration_seconds', percentiles: true });
  return {
    ...time,
    queries: queriesOf(registry, history),
    serve: ({ method = 'GET', route, status = 200, count, seconds = 0.05 }) => {
      const labels = { method, route, status_code: String(status) };
      requests.inc(labels, count);
      for (let i = 0; i < count; i++) durations.observe(labels, seconds);
    },
  };
}

export function queriesOf(registry: MetricsRegistry, history: MetricsHistory): RouteQueries {
  const thresholdsOf = (vital: string) => LIMITS[vital as keyof typeof LIMITS] ?? [];
  return new RouteQueries(registry, history, new ViewReader(history, thresholdsOf), thresholdsOf);
}

export function selectionOf(selection: Partial<RouteSelection> = {}): RouteSelection {
  return { search: '', status: undefined, sort: 'severity', reverse: false, limit: 50, ...selection };
}

/** Returns what a computation comes to. */
export function resultOf<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
