import type { MetricsHistory } from './metrics-history.js';

export const VITAL_NAMES = [
  'cpu_percent',
  'memory_percent',
  'disk_percent',
  'response_time_ms',
  'error_rate_percent',
  'cache_hit_rate_percent',
] as const;

/** One of the six figures that tell at a glance how an application is; thresholds are put on them. */
export type VitalName = (typeof VITAL_NAMES)[number];

const REQUESTS = 'http_requests_total';
const DURATIONS = 'http_request_duration_seconds';
const FAILED = { status_code: /5../ };
const CACHE_HITS = 'cache_hits_total';
const CACHE_MISSES = 'cache_misses_total';

const MILLISECONDS = 1000;
const PERCENT = 100;

interface Vital {
  readonly metrics: readonly string[];
  /** Over the window that has just passed; NaN or undefined if nothing is known, or nothing has happened. */
  readonly read: (history: MetricsHistory, windowMs: number) => number | undefined;
  /** The same in PromQL. */
  readonly expression: (window: string) => string;
}

const VITALS: Readonly<Record<VitalName, Vital>> = {
  cpu_percent: gauge('system_cpu_percent'),
  memory_percent: gauge('system_memory_percent'),
  // The fullest disk is the one that runs out.
  disk_percent: gauge('system_disk_percent'),
  response_time_ms: {
    metrics: [DURATIONS],
    read: (history, windowMs) =>
      (rateOf(history, DURATIONS, windowMs, { part: 'sum' }) / rateOf(history, DURATIONS, windowMs)) *
      MILLISECONDS,
    expression: (window) =>
      `sum(rate(${DURATIONS}_sum[${window}])) / sum(rate(${DURATIONS}_count[${window}])) * ${MILLISECONDS}`,
  },
  error_rate_percent: {
    metrics: [REQUESTS],
    read: (history, windowMs) =>
      (rateOf(history, REQUESTS, windowMs, { labels: FAILED }) / rateOf(history, REQUESTS, windowMs)) *
      PERCENT,
    // Without a failed request there is no series of one, which is not the same as not to know.
    expression: (window) =>
      `(sum(rate(${REQUESTS}{status_code=~"5.."}[${window}])) or vector(0)) / sum(rate(${REQUESTS}[${window}])) * ${PERCENT}`,
  },
  cache_hit_rate_percent: {
    metrics: [CACHE_HITS, CACHE_MISSES],
    read: (history, windowMs) => {
      const hits = rateOf(history, CACHE_HITS, windowMs);
      return (hits / (hits + rateOf(history, CACHE_MISSES, windowMs))) * PERCENT;
    },
    expression: (window) => {
      const [hits, misses] = [CACHE_HITS, CACHE_MISSES].map((name) => `sum(rate(${name}[${window}]))`);
      return `(${hits} or vector(0)) / ((${hits} or vector(0)) + (${misses} or vector(0))) * ${PERCENT}`;
    },
  },
};

/** Reads the vitals of an application from what its metrics were lately. */
export class Vitals {
  /** @param windowMs over how long they are taken */
  constructor(
    private readonly history: MetricsHistory,
    readonly windowMs: number,
  ) {}

  /** Has remembered what they are read from. @returns how to take that back */
  keep(): () => void {
    const releases = VITAL_NAMES.flatMap((name) => VITALS[name].metrics).map((metric) =>
      this.history.keep({ metric, windowMs: this.windowMs }),
    );
    return () => releases.forEach((release) => release());
  }

  /** All of them; undefined is what is not known, such as the response time when there was no request. */
  current(): Record<VitalName, number | undefined> {
    const read = (name: VitalName): number | undefined => {
      const value = VITALS[name].read(this.history, this.windowMs);
      return Number.isFinite(value) ? value : undefined;
    };
    return Object.fromEntries(VITAL_NAMES.map((name) => [name, read(name)])) as ReturnType<Vitals['current']>;
  }

  /** What a vital is in PromQL. */
  expression(name: VitalName): string {
    return VITALS[name].expression(`${Math.ceil(this.windowMs / MILLISECONDS)}s`);
  }
}

/** The average of a gauge, and of several series the highest. */
function gauge(metric: string): Vital {
  return {
    metrics: [metric],
    read: (history, windowMs) => {
      const values = history.average(metric, windowMs).map(({ value }) => value);
      return values.length > 0 ? Math.max(...values) : undefined;
    },
    expression: (window) => `max(avg_over_time(${metric}[${window}]))`,
  };
}

/** Of all series together; 0 if there is none. */
function rateOf(
  history: MetricsHistory,
  metric: string,
  windowMs: number,
  options: Parameters<MetricsHistory['rate']>[2] = {},
): number {
  return history.rate(metric, windowMs, options).reduce((sum, { value }) => sum + value, 0);
}
