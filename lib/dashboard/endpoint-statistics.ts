import type { MetricsHistory } from '../history/metrics-history.js';
import type { Reading } from '../history/readings.js';

/** How one endpoint did in a window. */
export interface EndpointRow {
  readonly method: string;
  readonly route: string;
  readonly perSecond: number;
  /** Share of the answers that were 5xx, from 0 to 100. */
  readonly errorPercent: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** How many answers there were, by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const BY_ENDPOINT = ['method', 'route'] as const;
const DURATION = 'http_request_duration_seconds';

/** Every endpoint that was asked in the window. */
export function endpointRows(history: MetricsHistory, windowMs: number): EndpointRow[] {
  const counts = history.increase('http_requests_total', windowMs, {
    groupBy: [...BY_ENDPOINT, 'status_code'],
  });
  const percentiles = [0.5, 0.95, 0.99].map(
    (q) =>
      new Map(
        history
          .percentile(DURATION, q, windowMs, { groupBy: BY_ENDPOINT })
          .map(({ labels, value }) => [keyOf(labels), value]),
      ),
  );
  const answersOf = new Map<string, Reading[]>();
  for (const reading of counts) {
    const key = keyOf(reading.labels);
    const answers = answersOf.get(key);
    if (answers === undefined) answersOf.set(key, [reading]);
    else answers.push(reading);
  }
  return [...answersOf].map(([key, answers]) => {
    const { method = '', route = '' } = answers[0].labels;
    const all = sumOf(answers);
    const failed = sumOf(answers.filter(({ labels }) => labels['status_code']?.startsWith('5')));
    const [p50, p95, p99] = percentiles.map((values) => values.get(key));
    return {
      method,
      route,
      perSecond: all / (windowMs / 1000),
      errorPercent: all === 0 ? 0 : (failed / all) * 100,
      ...(p50 !== undefined && { p50 }),
      ...(p95 !== undefined && { p95 }),
      ...(p99 !== undefined && { p99 }),
      statuses: Object.fromEntries(
        answers.map(({ labels, value }) => [labels['status_code'], Math.round(value)]),
      ),
    };
  });
}

function keyOf({ method, route }: Readonly<Record<string, string>>): string {
  return `${method} ${route}`;
}

function sumOf(readings: readonly Reading[]): number {
  return readings.reduce((sum, { value }) => sum + value, 0);
}
