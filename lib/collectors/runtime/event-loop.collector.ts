import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks';
import type { Clock } from '../../metrics/clock.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';

/** Sampling interval of the event loop delay. Each sample wakes an idle process: half the interval costs twice the CPU. */
const RESOLUTION_MS = 20;
/** Shortest window. All scrapes within it see the same values, so that scrapers do not shorten each other's window. */
const WINDOW_MS = 10_000;
const NANOSECONDS = 1e9;
const OVER_WINDOW = `over the last window of at least ${WINDOW_MS / 1000} s`;

/** The options of a value whose maximum counts: clients notice one lagging event loop, however idle the others are. */
const WORST = { aggregate: 'max' } as const;

/** Statistics of the delay histogram, each shown as `nodejs_eventloop_lag_<name>_seconds`. */
const DELAY_STATISTICS = [
  { name: 'min', aggregate: 'min', label: 'Shortest', read: (delays: IntervalHistogram) => delays.min },
  { name: 'max', aggregate: 'max', label: 'Longest', read: (delays: IntervalHistogram) => delays.max },
  { name: 'mean', aggregate: 'average', label: 'Mean', read: (delays: IntervalHistogram) => delays.mean },
  {
    name: 'p50',
    aggregate: 'max',
    label: '50th percentile of the',
    read: (delays: IntervalHistogram) => delays.percentile(50),
  },
  {
    name: 'p90',
    aggregate: 'max',
    label: '90th percentile of the',
    read: (delays: IntervalHistogram) => delays.percentile(90),
  },
  {
    name: 'p99',
    aggregate: 'max',
    label: '99th percentile of the',
    read: (delays: IntervalHistogram) => delays.percentile(99),
  },
] as const;

/** A collector of the lag and utilization of the event loop over the last window of at least 10 s. */
export class EventLoopCollector implements ManagedCollector {
  readonly name = 'event_loop';
  readonly metricNames: readonly string[];

  private readonly lag: Gauge;
  private readonly utilization: Gauge;
  private readonly statistics: readonly { gauge: Gauge; read: (delays: IntervalHistogram) => number }[];
  private readonly stddev: Gauge;
  private delays: IntervalHistogram | undefined;
  private windowStart = 0;
  private utilizationAtStart: EventLoopUtilization | undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {
    this.lag = registry.gauge(
      'nodejs_eventloop_lag_seconds',
      `Mean lag of the event loop, ${OVER_WINDOW}.`,
      WORST,
    );
    this.utilization = registry.gauge(
      NODEJS_METRICS.eventLoopUtilization,
      `Share of time that the event loop was busy, ${OVER_WINDOW}.`,
      WORST,
    );
    this.statistics = DELAY_STATISTICS.map(({ name, label, aggregate, read }) => ({
      gauge: registry.gauge(
        `nodejs_eventloop_lag_${name}_seconds`,
        `${label} event loop delay, ${OVER_WINDOW}.`,
        { aggregate },
      ),
      read,
    }));
    this.stddev = registry.gauge(
      'nodejs_eventloop_lag_stddev_seconds',
      `Standard deviation of the event loop delay, ${OVER_WINDOW}.`,
      WORST,
    );
    this.metricNames = [
      this.lag,
      this.utilization,
      this.stddev,
      ...this.statistics.map(({ gauge }) => gauge),
    ].map(({ name }) => name);
  }

  start(): void {
    this.delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.delays.enable();
    this.utilizationAtStart = performance.eventLoopUtilization();
    // The first scrape closes the first window, however short, and so shows the start-up.
    this.windowStart = -Infinity;
  }

  stop(): void {
    this.delays?.disable();
    this.delays = undefined;
  }

  collect(): void {
    const now = this.clock.monotonic();
    if (this.delays !== undefined && now - this.windowStart >= WINDOW_MS) this.closeWindow(this.delays, now);
  }

  private closeWindow(delays: IntervalHistogram, now: number): void {
    if (delays.count > 0) {
      for (const { gauge, read } of this.statistics) gauge.set(lagSeconds(read(delays)));
      // The mean, because the lag at this moment is the duration of the collectors that run beside this one.
      this.lag.set(lagSeconds(delays.mean));
      this.stddev.set(delays.stddev / NANOSECONDS);
    }
    const utilization = performance.eventLoopUtilization();
    this.utilization.set(performance.eventLoopUtilization(utilization, this.utilizationAtStart).utilization);
    this.utilizationAtStart = utilization;
    this.windowStart = now;
    // Node measures from one sample to the next, so the rest of this interval, the scrape with it, is in no window.
    delays.reset();
  }
}

/** Subtracts the resolution, since Node measures from one sample to the next. */
function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
}
