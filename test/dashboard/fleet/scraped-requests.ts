import type { DoubleSeries } from './prometheus.double.js';

/** The time of second 0: 2027-01-15, 08:00 UTC. */
export const START_SECONDS = 1_800_000_000;
const SCRAPE_SECONDS = 15;

/** The requests of a route with one status on one instance. Seconds are those since the start. */
export interface RequestFlow {
  readonly route: string;
  readonly status: string;
  readonly instance?: string;
  /** The seconds in which the instance runs. */
  readonly from?: number;
  readonly to?: number;
  /** The second in which the process starts anew, and counts from zero. */
  readonly restartsAt?: number;
  /** The number of requests in a second. */
  readonly requestsIn: (second: number) => number;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [seconds: number, value: number])[];
}

const INCREASE = /^sum by \(([^)]*)\) \(increase\(http_requests_total(?:\{(.*)\})?\[(\d+)(ms|s|m|h)\]\)\)$/s;
const MATCHER = /(\w+)(=~|=)("(?:[^"\\]|\\.)*")/gs;
const UNITS = { ms: 0.001, s: 1, m: 60, h: 3_600 } as const;

/**
 * The counter of requests as a Prometheus has it that scrapes each instance every 15 s: a series appears with its first
 * request, its value at the last scrape is all that is known, and `increase()` extrapolates as Prometheus 2 does.
 */
export class ScrapedRequests {
  /** The present, in seconds since the start: later scrapes are still to come. */
  now = 0;
  /** True for the seconds in which Prometheus scrapes nothing. */
  isDown: (second: number) => boolean = () => false;
  /** The distance of two scrapes as Prometheus measures it: longer after a scrape that it has missed. */
  measuredSeconds = SCRAPE_SECONDS;
  /** The queries about numbers of requests that nobody understands. */
  readonly unknown: string[] = [];
  private readonly all: Series[] = [];

  /** Adds requests up to the last second of a test. */
  add(end: number, ...flows: readonly RequestFlow[]): this {
    for (const flow of flows) {
      const { route, status, instance = 'pod-1' } = flow;
      const labels = { job: 'shop', instance, method: 'GET', route, status_code: status };
      this.all.push({ labels, samples: this.samplesOf(flow, end) });
    }
    return this;
  }

  /** Answers the queries of the area Now; those about anything but numbers of requests have no series. */
  answer(query: string): DoubleSeries[] {
    if (query.startsWith('min((max_over_time(timestamp(')) {
      return [{ metric: {}, valueAt: () => this.measuredSeconds }];
    }
    if (query.startsWith('min(min_over_time(timestamp(')) {
      return [{ metric: {}, valueAt: () => START_SECONDS }];
    }
    // The vitals are no part of the verdict.
    if (!query.includes('increase(http_requests_total')) return [];
    const [, by = '', matchers = '', length, unit] = INCREASE.exec(query) ?? [];
    if (length === undefined) {
      this.unknown.push(query);
      return [];
    }
    const windowSeconds = Number(length) * UNITS[unit as keyof typeof UNITS];
    const names = by.split(', ').filter(Boolean);
    const groups = new Map<string, Series[]>();
    for (const series of this.all.filter(({ labels }) => matches(labels, matchers))) {
      const key = JSON.stringify(names.map((name) => series.labels[name]));
      groups.set(key, [...(groups.get(key) ?? []), series]);
    }
    return Array.from(groups.values(), (group) => ({
      metric: Object.fromEntries(names.map((name) => [name, group[0]!.labels[name] ?? ''])),
      valueAt: (seconds) => {
        const known = group.flatMap((series) => this.increase(series, seconds, windowSeconds) ?? []);
        return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
      },
    }));
  }

  private samplesOf(flow: RequestFlow, end: number): [number, number][] {
    const { instance = 'pod-1', from = 0, to = end, restartsAt, requestsIn } = flow;
    // Each target has its own second of the interval.
    const offset = (7 + 3 * Number(/\d+$/.exec(instance)?.[0] ?? 1)) % SCRAPE_SECONDS;
    const samples: [number, number][] = [];
    let count = 0;
    for (let second = from; second < to; second++) {
      if (second === restartsAt) count = 0;
      count += requestsIn(second);
      const isScraped = second % SCRAPE_SECONDS === offset && !this.isDown(second);
      if (isScraped && count > 0) samples.push([START_SECONDS + second, count]);
    }
    return samples;
  }

  /** Returns `increase()` as the function `extrapolatedRate` of Prometheus 2 computes it. */
  private increase({ samples }: Series, at: number, windowSeconds: number): number | undefined {
    const start = at - windowSeconds;
    const latest = Math.min(at, START_SECONDS + this.now);
    const known = samples.filter(([seconds]) => seconds >= start && seconds <= latest);
    const [first] = known;
    const last = known.at(-1);
    if (first === undefined || last === undefined || known.length < 2) return undefined;
    let increase = last[1] - first[1];
    known.forEach(([, value], i) => {
      const before = known[i - 1]?.[1] ?? 0;
      if (i > 0 && value < before) increase += before;
    });
    const covered = last[0] - first[0];
    const distance = covered / (known.length - 1);
    const toZero = increase > 0 ? covered * (first[1] / increase) : Infinity;
    const [toStart, toEnd] = [Math.min(first[0] - start, toZero), at - last[0]].map((seconds) =>
      seconds < distance * 1.1 ? seconds : distance / 2,
    ) as [number, number];
    return (increase * (covered + toStart + toEnd)) / covered;
  }
}

function matches(labels: Readonly<Record<string, string>>, matchers: string): boolean {
  return [...matchers.matchAll(MATCHER)].every(([, name = '', operator, quoted = '""']) => {
    const value = JSON.parse(quoted) as string;
    const own = labels[name] ?? '';
    return operator === '=' ? own === value : new RegExp(`^(?:${value})$`, 's').test(own);
  });
}
