import type { MetricsHistory, MetricsRegistry } from 'nestjs-monitoring';
import { MINUTE, past, SECOND } from '../history/support.js';

/** An hour of an application with many routes. */
export function busyHour(routes = 300): {
  readonly registry: MetricsRegistry;
  readonly history: MetricsHistory;
} {
  const { registry, history, run } = past({ intervalMs: 15 * SECOND, retentionMs: 60 * MINUTE });
  const requests = registry.counter('http_requests_total', 'Requests.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const durations = registry.timer('http_request_duration_seconds', 'Durations.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  history.retain({ metric: 'http_requests_total' });
  history.retain({ metric: 'http_request_duration_seconds', percentiles: true });
  run(241, (step) => {
    for (let i = 0; i < routes; i++) {
      const labels = { method: 'GET', route: `/route-${i}`, status_code: '200' };
      requests.inc(labels, 3);
      for (let j = 0; j < 3; j++) durations.observe(labels, ((i * 7 + step * 13 + j * 101) % 1_000) + 1);
    }
  });
  return { registry, history };
}
