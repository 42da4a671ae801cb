import { type TimedValue, trendOf } from './trend.js';

/** The growth of the values of a scale. */
export interface Growth {
  readonly isSuspected: boolean;
  /** Growth per millisecond. */
  readonly slope: number;
  /** The value from which it has grown. */
  readonly from: TimedValue;
  /** The last value. */
  readonly to: TimedValue;
}

/** The growth from which on values count as growing, and evenness and number of windows that it takes. */
interface Demand {
  /** Number of windows with a value. */
  readonly values: number;
  /** Number of windows from the first to the last of them. */
  readonly windows: number;
  /** Standard deviations after Mann and Kendall. */
  readonly z: number;
  /** Share of the minimum of bytes and of the minimum of growth in relation to the value itself. */
  readonly share: number;
  /** Share of the whole slope that the last quarter has to have. */
  readonly recent: number;
  /** Share of the slope of the second half that the first half has to have, and the other way round. */
  readonly firstHalf: number;
  readonly secondHalf: number;
}

/** With z = 3, values without a trend are suspected once in 740 times; they have to have grown by the minimum as well. */
const SUSPECTED: Demand = {
  values: 8,
  windows: 12,
  z: 3,
  share: 1,
  recent: 0.75,
  firstHalf: 0.5,
  secondHalf: 0.75,
};
const GROWING: Demand = {
  values: 6,
  windows: 6,
  z: 2,
  share: 0.5,
  recent: 0.35,
  firstHalf: 0,
  secondHalf: 0,
};

/** Least number of windows that show whether a growth slows down. */
const RECENT_WINDOWS = 5;
/** Number of windows that are kept. */
export const WINDOWS = 20;
/** Number of windows after which a peak no longer counts: the load of one day says little of the next but one. */
const PEAK_WINDOWS = 60 * WINDOWS;
/** Collections per window that are no rise of the load, however few there were. */
const LOAD_NOISE = 2;

interface Window {
  readonly number: number;
  /** Lowest value; undefined if there was none. */
  low: number | undefined;
  /** Number of minor garbage collections, which follows the rate of allocations and so the load. */
  minor: number;
}

/**
 * The lowest values of the last windows of one length. They grow if almost every window is above those before it, by a
 * minimum of bytes and of their size, without slowing down, above any earlier peak, and not just with the load.
 */
export class GrowthScale {
  private windows: Window[] = [];
  /** The highest of the lowest values that are no longer kept. */
  private peak: { readonly value: number; readonly number: number } | undefined;

  constructor(
    readonly windowMs: number,
    private readonly minGrowthBytes: number,
    private readonly minShare: number,
  ) {}

  add(at: number, value: number): void {
    const window = this.windowAt(at);
    window.low = Math.min(window.low ?? Infinity, value);
  }

  addMinor(at: number): void {
    this.windowAt(at).minor++;
  }

  /** Returns the lowest values of the windows that have ended, the oldest first. */
  values(now: number): TimedValue[] {
    const current = Math.floor(now / this.windowMs);
    return this.windows.flatMap(({ number, low }) =>
      low === undefined || number >= current ? [] : [{ at: number * this.windowMs, value: low }],
    );
  }

  /** Returns the growth of the values; undefined if they do not grow. */
  growth(now: number): Growth | undefined {
    this.dropOld(Math.floor(now / this.windowMs));
    const values = this.values(now);
    const growing = this.meets(GROWING, values);
    if (growing === undefined) return undefined;
    const isSuspected =
      this.meets(SUSPECTED, values) !== undefined &&
      growing.to.value > (this.peak?.value ?? 0) &&
      !this.followsLoad(growing.to.value / growing.from.value - 1);
    return { ...growing, isSuspected };
  }

  private meets(demand: Demand, values: readonly TimedValue[]): Omit<Growth, 'isSuspected'> | undefined {
    const [from, to] = [values[0], values.at(-1)];
    if (from === undefined || to === undefined || values.length < demand.values) return undefined;
    if (to.at - from.at < demand.windows * this.windowMs) return undefined;
    const { slope, z } = trendOf(values);
    if (z < demand.z) return undefined;
    const grown = slope * (to.at - from.at);
    const minimum = Math.max(this.minGrowthBytes, from.value * this.minShare);
    if (grown < minimum * demand.share) return undefined;
    const recent = trendOf(values.slice(-Math.max(RECENT_WINDOWS, Math.ceil(values.length / 4))));
    if (recent.slope < slope * demand.recent) return undefined;
    const half = Math.floor(values.length / 2);
    const [first, second] = [trendOf(values.slice(0, half)), trendOf(values.slice(-half))];
    const isEven =
      first.slope >= second.slope * demand.firstHalf && second.slope >= first.slope * demand.secondHalf;
    return isEven ? { slope, from, to } : undefined;
  }

  /** Returns true if the load has risen, and by at least the share by which the memory has. */
  private followsLoad(share: number): boolean {
    const third = Math.ceil(this.windows.length / 3);
    const mean = (windows: readonly Window[]) => windows.reduce((sum, { minor }) => sum + minor, 0) / third;
    // The last window has not ended.
    const ended = this.windows.slice(0, -1);
    const [first, last] = [mean(ended.slice(0, third)), mean(ended.slice(-third))];
    return last > first * (1 + share) + LOAD_NOISE;
  }

  private windowAt(at: number): Window {
    const number = Math.floor(at / this.windowMs);
    const last = this.windows.at(-1);
    if (last?.number === number) return last;
    const window: Window = { number, low: undefined, minor: 0 };
    this.windows.push(window);
    this.dropOld(number);
    return window;
  }

  private dropOld(current: number): void {
    if (this.peak !== undefined && current - this.peak.number > PEAK_WINDOWS) this.peak = undefined;
    for (let [first] = this.windows; first !== undefined; [first] = this.windows) {
      if (current - first.number <= WINDOWS) return;
      this.windows.shift();
      const { low, number } = first;
      if (low !== undefined && low >= (this.peak?.value ?? 0)) this.peak = { value: low, number };
    }
  }
}
