import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/**
 * Interval at which Node looks at the event loop. Each look wakes an idle process: half the interval costs twice the CPU. A
 * single block shows as up to this much shorter than it was. The mean and the percentiles over many blocks stay the same.
 */
const RESOLUTION_MS = 50;
/** Interval of the looks while the process rests, in milliseconds: they are a third of what monitoring costs then. */
const RESTING_RESOLUTION_MS = 100;
/** Share of time that the event loop is busy below which a process rests. */
const RESTING_UTILIZATION = 0.02;
/** Time after which a process that is not busy rests, in milliseconds. */
const REST_AFTER_MS = 30_000;
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

/** The event loop as Node measures it. */
export interface EventLoopReadings {
  /** Returns a histogram of the time between two looks, of which this is the interval, in milliseconds. */
  delays(resolutionMs: number): IntervalHistogram;
  /** Returns the time that the event loop has been busy and idle, in milliseconds. */
  utilization(): { readonly active: number; readonly idle: number };
}

const NODE: EventLoopReadings = {
  delays: (resolution) => monitorEventLoopDelay({ resolution }),
  utilization: () => performance.eventLoopUtilization(),
};

/**
 * A monitor of the lag and utilization of the event loop for all that ask, since each monitor of Node wakes the process by
 * itself. It runs while anybody uses it.
 */
export class EventLoopMonitor {
  private users = 0;
  private delays: IntervalHistogram | undefined;
  private resolutionMs = RESOLUTION_MS;
  private busyAt = 0;
  private windowStart = 0;
  private utilizationAtStart = { active: 0, idle: 0 };
  private latest: EventLoopWindow | undefined;

  /** @param now returns the time in milliseconds since an arbitrary start */
  constructor(
    private readonly now: () => number,
    private readonly node = NODE,
  ) {}

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
    const since = this.delays && lagOf(this.delays, this.resolutionMs);
    return Math.max(last?.p99 ?? 0, since?.p99 ?? 0);
  }

  private start(): void {
    this.look(RESOLUTION_MS);
    this.busyAt = this.now();
    this.utilizationAtStart = this.node.utilization();
    // The first reader closes the first window, however short, and so shows the start-up.
    this.windowStart = -Infinity;
  }

  private stop(): void {
    this.delays?.disable();
    this.delays = undefined;
    this.latest = undefined;
  }

  private closeWindow(delays: IntervalHistogram, now: number): void {
    const { active, idle } = this.node.utilization();
    const busyMs = active - this.utilizationAtStart.active;
    const totalMs = busyMs + idle - this.utilizationAtStart.idle;
    const utilization = totalMs > 0 ? busyMs / totalMs : 0;
    this.latest = { lag: lagOf(delays, this.resolutionMs), utilization };
    this.utilizationAtStart = { active, idle };
    this.windowStart = now;
    // A process that hardly does anything but blocks has a lag to look at.
    const isBlocked = (this.latest.lag?.max ?? 0) >= RESOLUTION_MS / 2;
    if (utilization >= RESTING_UTILIZATION || isBlocked) this.busyAt = now;
    const resolutionMs = now - this.busyAt >= REST_AFTER_MS ? RESTING_RESOLUTION_MS : RESOLUTION_MS;
    // Node measures from one look to the next, so the rest of this interval, the reader with it, is in no window.
    if (resolutionMs === this.resolutionMs) delays.reset();
    else this.look(resolutionMs);
  }

  /** Makes Node look at the event loop at this interval, with no looks so far. */
  private look(resolutionMs: number): void {
    this.delays?.disable();
    this.delays = this.node.delays(resolutionMs);
    this.delays.enable();
    this.resolutionMs = resolutionMs;
  }
}

function lagOf(delays: IntervalHistogram, resolutionMs: number): EventLoopLag | undefined {
  if (delays.count === 0) return undefined;
  // Without the resolution, since Node measures from one look to the next.
  const lagMs = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS_PER_MS - resolutionMs);
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
