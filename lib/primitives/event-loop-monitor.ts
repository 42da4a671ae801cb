import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks';

/**
 * Interval at which Node looks at the event loop. Each look wakes an idle process: half the interval costs twice the CPU. A
 * single block shows as up to this much shorter than it was. The mean and the percentiles over many blocks stay the same.
 */
const RESOLUTION_MS = 50;
/** Shortest window. All readers within it see the same values, so that they do not shorten each other's window. */
export const EVENT_LOOP_WINDOW_MS = 10_000;
const NANOSECONDS_PER_MS = 1e6;

/** The lag of the event loop, in milliseconds. */
export interface EventLoopLag {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** The event loop over one window. */
export interface EventLoopWindow {
  /** Undefined if Node did not look at the event loop. */
  readonly lag: EventLoopLag | undefined;
  /** The share of time that the event loop was busy. */
  readonly utilization: number;
}

/**
 * A monitor of the lag and utilization of the event loop for all that ask, since each monitor of Node wakes the process by
 * itself. It runs while anybody uses it.
 */
export class EventLoopMonitor {
  private users = 0;
  private delays: IntervalHistogram | undefined;
  private windowStart = 0;
  private utilizationAtStart: EventLoopUtilization | undefined;
  private latest: EventLoopWindow | undefined;

  /** @param now returns the time in milliseconds since an arbitrary start */
  constructor(private readonly now: () => number) {}

  /** Starts the monitor, unless it runs. @returns a function that ends this use of it */
  use(): () => void {
    if (this.users++ === 0) this.start();
    let isUsed = true;
    return () => {
      if (isUsed && --this.users === 0) this.stop();
      isUsed = false;
    };
  }

  /** Returns the last window of at least {@link EVENT_LOOP_WINDOW_MS}; undefined before the first one. */
  lastWindow(): EventLoopWindow | undefined {
    const now = this.now();
    if (this.delays !== undefined && now - this.windowStart >= EVENT_LOOP_WINDOW_MS) {
      this.closeWindow(this.delays, now);
    }
    return this.latest;
  }

  /** Returns the 99th percentile of the lag in the last window, or since then if that is more, in milliseconds. */
  recentLag(): number {
    const last = this.lastWindow()?.lag;
    const since = this.delays && lagOf(this.delays);
    return Math.max(last?.p99 ?? 0, since?.p99 ?? 0);
  }

  private start(): void {
    this.delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.delays.enable();
    this.utilizationAtStart = performance.eventLoopUtilization();
    // The first reader closes the first window, however short, and so shows the start-up.
    this.windowStart = -Infinity;
  }

  private stop(): void {
    this.delays?.disable();
    this.delays = undefined;
    this.latest = undefined;
  }

  private closeWindow(delays: IntervalHistogram, now: number): void {
    const utilization = performance.eventLoopUtilization();
    this.latest = {
      lag: lagOf(delays),
      utilization: performance.eventLoopUtilization(utilization, this.utilizationAtStart).utilization,
    };
    this.utilizationAtStart = utilization;
    this.windowStart = now;
    // Node measures from one look to the next, so the rest of this interval, the reader with it, is in no window.
    delays.reset();
  }
}

function lagOf(delays: IntervalHistogram): EventLoopLag | undefined {
  if (delays.count === 0) return undefined;
  return {
    min: lagMs(delays.min),
    max: lagMs(delays.max),
    mean: lagMs(delays.mean),
    stddev: delays.stddev / NANOSECONDS_PER_MS,
    p50: lagMs(delays.percentile(50)),
    p90: lagMs(delays.percentile(90)),
    p99: lagMs(delays.percentile(99)),
  };
}

/** Subtracts the resolution, since Node measures from one look to the next. */
function lagMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
}
