import type { View } from './panel.js';

/** One endpoint from near: how often it was asked, with what outcome, and how long it took. */
export function routeView(method: string, route: string): View {
  const labels = { method, route };
  return {
    name: `route ${JSON.stringify([method, route])}`,
    title: `${method} ${route}`,
    empty: 'Nobody has asked for it lately.',
    panels: [
      {
        title: 'Answers',
        help: 'In a second, by status.',
        unit: 'per second',
        queries: [
          { metric: 'http_requests_total', compute: 'rate', labels, groupBy: ['status_code'], legend: '' },
        ],
      },
      {
        title: 'Response time',
        unit: 'seconds',
        queries: (['p50', 'p95', 'p99'] as const).map((compute) => ({
          metric: 'http_request_duration_seconds',
          compute,
          labels,
          legend: compute,
        })),
        threshold: 'response_time_ms',
        thresholdScale: 0.001,
      },
      {
        title: 'Slow answers',
        unit: 'per second',
        queries: [{ metric: 'http_slow_requests_total', compute: 'rate', labels, legend: 'slow' }],
      },
    ],
  };
}
