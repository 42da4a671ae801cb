import { MetricsRegistry, type TimerSeries } from 'nestjs-monitoring';

/** What servers call a request whose client went away before the response was complete. */
const CLIENT_GONE = 499;

interface Operation {
  readonly method: string;
  readonly route: string;
  readonly statusCode: number;
  readonly durations: TimerSeries;
}

/** How the requests went, kept in metrics of the library itself, which needs no application for that. */
export class Statistics {
  private readonly timer = new MetricsRegistry().timer(
    'load_request_duration_seconds',
    'Time from a request to the end of its response, as the client sees it.',
    { labelNames: ['method', 'route', 'status_code'] },
  );
  private readonly operationsByKey = new Map<string, Operation>();
  /** Requests that were given up on purpose. */
  aborted = 0;
  /** Requests that got no response, though nobody gave them up. */
  failed = 0;
  /** Why the last of them failed. */
  lastFailure: unknown;

  answered(method: string, route: string, statusCode: number, seconds: number): void {
    const key = `${route} ${method} ${statusCode}`;
    let operation = this.operationsByKey.get(key);
    if (operation === undefined) {
      const durations = this.timer.labels({ method, route, status_code: statusCode });
      operation = { method, route, statusCode, durations };
      this.operationsByKey.set(key, operation);
    }
    operation.durations.observe(seconds);
  }

  gaveUp(method: string, route: string, seconds: number): void {
    this.aborted++;
    this.answered(method, route, CLIENT_GONE, seconds);
  }

  failedWith(error: unknown): void {
    this.failed++;
    this.lastFailure = error;
  }

  /** In the order of their routes. */
  operations(): Operation[] {
    return [...this.operationsByKey]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, operation]) => operation);
  }

  get total(): number {
    return this.operations().reduce((total, { durations }) => total + durations.count(), 0);
  }

  byStatus(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { statusCode, durations } of this.operations()) {
      counts[statusCode] = (counts[statusCode] ?? 0) + durations.count();
    }
    return counts;
  }
}
