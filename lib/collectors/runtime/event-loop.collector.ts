import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks';
import type { Clock } from '../../metrics/clock.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';

/** How often the delay of the event loop is sampled. */
const RESOLUTION_MS = 10;
/** Everybody who asks within this time is told of the same stretch of time, so readers do not spoil each other's. */
const WINDOW_MS = 10_000;
const NANOSECONDS = 1e9;

/** What is read from the histogram of delays; each is a metric `nodejs_eventloop_lag_<name>_seconds`. */
const DELAY_STATISTICS = [
  { name: 'min', of: 'shortest', read: (delays: IntervalHistogram) => delays.min },
  { name: 'max', of: 'longest', read: (delays: IntervalHistogram) => delays.max },
  { name: 'mean', of: 'mean', read: (delays: IntervalHistogram) => delays.mean },
  { name: 'p50', of: '50th percentile of the', read: (delays: IntervalHistogram) => delays.percentile(50) },
  { name: 'p90', of: '90th percentile of the', read: (delays: IntervalHistogram) => delays.percentile(90) },
  { name: 'p99', of: '99th percentile of the', read: (delays: IntervalHistogram) => delays.percentile(99) },
] as const;

/** How late the event loop is, and how much of its time it is busy, over the last stretch of at least 10 s. */
export class EventLoopCollector implements SourceCollector {
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
      'Mean lag of the event loop in seconds, lately.',
    );
    this.utilization = registry.gauge(
      'nodejs_eventloop_utilization_ratio',
      'Share of the time that the event loop was busy, lately.',
    );
    this.statistics = DELAY_STATISTICS.map(({ name, of, read }) => ({
      gauge: registry.gauge(`nodejs_eventloop_lag_${name}_seconds`, `The ${of} event loop delay, lately.`),
      read,
    }));
    this.stddev = registry.gauge(
      'nodejs_eventloop_lag_stddev_seconds',
      'The standard deviation of the event loop delay, lately.',
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
    // The first window is short: whoever asks first is told of the start.
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
      // Not the lag at this moment: that is how long the collectors take that run beside this one.
      this.lag.set(lagSeconds(delays.mean));
      this.stddev.set(delays.stddev / NANOSECONDS);
    }
    const utilization = performance.eventLoopUtilization();
    this.utilization.set(performance.eventLoopUtilization(utilization, this.utilizationAtStart).utilization);
    this.utilizationAtStart = utilization;
    this.windowStart = now;
    delays.reset();
  }
}

/** Node measures from one sample to the next, which are the resolution apart when nothing is late. */
function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
}
