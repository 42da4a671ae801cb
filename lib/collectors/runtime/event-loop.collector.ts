import type { Gauge } from '../../metrics/gauge.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import {
  EVENT_LOOP_WINDOW_MS,
  type EventLoopLag,
  type EventLoopMonitor,
  type EventLoopWindow,
} from '../../primitives/event-loop-monitor.js';
import type { ManagedCollector } from '../managed-collector.js';

const MILLISECONDS = 1_000;
const OVER_WINDOW = `over the last window of at least ${EVENT_LOOP_WINDOW_MS / MILLISECONDS} s`;

/** The options of a value whose maximum counts: clients notice one lagging event loop, however idle the others are. */
const WORST = { aggregate: 'max' } as const;

/** Statistics of the lag, each shown as `nodejs_eventloop_lag_<name>_seconds`. */
const LAG_STATISTICS = [
  { name: 'min', aggregate: 'min', label: 'Shortest event loop delay' },
  { name: 'max', aggregate: 'max', label: 'Longest event loop delay' },
  { name: 'mean', aggregate: 'average', label: 'Mean event loop delay' },
  { name: 'p50', aggregate: 'max', label: '50th percentile of the event loop delay' },
  { name: 'p90', aggregate: 'max', label: '90th percentile of the event loop delay' },
  { name: 'p99', aggregate: 'max', label: '99th percentile of the event loop delay' },
  { name: 'stddev', aggregate: 'max', label: 'Standard deviation of the event loop delay' },
] as const;

/** A collector of the lag and utilization of the event loop. */
export class EventLoopCollector implements ManagedCollector {
  readonly name = 'event_loop';
  readonly metricNames: readonly string[];

  private readonly lag: Gauge;
  private readonly utilization: Gauge;
  private readonly statistics: readonly { readonly gauge: Gauge; readonly name: keyof EventLoopLag }[];
  private shown: EventLoopWindow | undefined;
  private endUse: () => void = () => undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly eventLoop: EventLoopMonitor,
  ) {
    this.lag = registry.gauge(
      NODEJS_METRICS.eventLoopLag,
      `Mean lag of the event loop, ${OVER_WINDOW}.`,
      WORST,
    );
    this.utilization = registry.gauge(
      NODEJS_METRICS.eventLoopUtilization,
      `Share of time that the event loop was busy, ${OVER_WINDOW}.`,
      WORST,
    );
    this.statistics = LAG_STATISTICS.map(({ name, label, aggregate }) => ({
      name,
      gauge: registry.gauge(`nodejs_eventloop_lag_${name}_seconds`, `${label}, ${OVER_WINDOW}.`, {
        aggregate,
      }),
    }));
    this.metricNames = [this.lag, this.utilization, ...this.statistics.map(({ gauge }) => gauge)].map(
      ({ name }) => name,
    );
  }

  start(): void {
    this.endUse = this.eventLoop.use();
  }

  stop(): void {
    this.endUse();
  }

  collect(): void {
    const window = this.eventLoop.lastWindow();
    if (window === undefined || window === this.shown) return;
    this.shown = window;
    this.utilization.set(window.utilization);
    if (window.lag === undefined) return;
    // The mean, because the lag at this moment is the duration of the collectors that run beside this one.
    this.lag.set(window.lag.mean / MILLISECONDS);
    for (const { gauge, name } of this.statistics) gauge.set(window.lag[name] / MILLISECONDS);
  }
}
