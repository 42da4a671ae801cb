import { performance } from 'node:perf_hooks';
import type { Convention } from '../../metrics/conventions/conventions.js';
import { EVENT_LOOP_STATE } from '../../metrics/conventions/semantic-recording.js';
import type { Counter } from '../../metrics/counter.js';
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
  /** The time by state; undefined unless a semantic name is exposed. */
  private readonly time: Counter<typeof EVENT_LOOP_STATE> | undefined;
  private lastTime = { idle: 0, active: 0 };
  private shown: EventLoopWindow | undefined;
  private endUse: () => void = () => undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly eventLoop: EventLoopMonitor,
    convention: Convention = 'prometheus',
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
    this.time =
      convention === 'prometheus'
        ? undefined
        : registry.counter(
            NODEJS_METRICS.eventLoopTime,
            'Time that the event loop was active and idle since the process started.',
            { labelNames: [EVENT_LOOP_STATE] },
          );
    this.time?.mirrorsOther();
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
    this.collectTime();
    const window = this.eventLoop.lastWindow();
    if (window === undefined || window === this.shown) return;
    this.shown = window;
    this.utilization.set(window.utilization);
    if (window.lag === undefined) return;
    // The mean, because the lag at this moment is the duration of the collectors that run beside this one.
    this.lag.set(window.lag.mean / MILLISECONDS);
    for (const { gauge, name } of this.statistics) gauge.set(window.lag[name] / MILLISECONDS);
  }

  private collectTime(): void {
    if (this.time === undefined) return;
    const { idle, active } = performance.eventLoopUtilization();
    const { lastTime } = this;
    this.time.inc({ [EVENT_LOOP_STATE]: 'idle' }, Math.max(0, idle - lastTime.idle) / MILLISECONDS);
    this.time.inc({ [EVENT_LOOP_STATE]: 'active' }, Math.max(0, active - lastTime.active) / MILLISECONDS);
    this.lastTime = { idle, active };
  }
}
