import type { ExponentialHistogramSnapshot } from '../metrics/exponential-histogram.js';
import { FineHistory } from './fine-history.js';
import type { Window } from './range-functions.js';

/** No sample was taken: the one before may still be taken for the present. */
const MISSED = NaN;
/** The series was no longer there when the sample was taken. The registry holds finite numbers only. */
const GONE = -Infinity;

/** As far back as Prometheus looks for what it takes for the present. */
export const LOOKBACK_MS = 300_000;
/** What a series costs beside its samples: its labels, its key and its place in a map. */
const SERIES_BYTES = 600;

/** What memory there is to take, shared by the histories of all metrics. */
export interface Budget {
  /**
   * @param bytes how many; to make room for them, this very history may be made smaller
   * @returns whether there was so much left; if not, nothing is taken
   */
  take(bytes: () => number): boolean;
  release(bytes: number): void;
}

/** How much is kept of each series. */
export interface HistoryShape {
  /** How many samples. */
  readonly capacity: number;
  /** Whether exponential histograms are kept too. */
  readonly percentiles: boolean;
}

/** One series over time. A histogram has several columns: one for each of its buckets, cumulated, and the sum. */
export interface KeptSeries {
  readonly labels: Readonly<Record<string, string>>;
  values: Float64Array;
  fine: FineHistory | undefined;
  /** When it began, so that one that began anew is seen as such. */
  createdAt: number;
  /** The number of the last sample in which it was there. */
  lastSample: number;
}

/** One metric over time: a ring of so many samples of each of its series. */
export class FamilyHistory {
  readonly series = new Map<string, KeptSeries>();
  /** The columns of a series. */
  readonly width: number;
  private times: Float64Array;
  private count = 0;

  /** @param type what the metric is; a histogram has a column for each bucket and one for the sum */
  constructor(
    readonly type: 'counter' | 'gauge' | 'histogram',
    /** The finite bounds of the buckets of a histogram. */
    readonly upperBounds: readonly number[],
    private shape: HistoryShape,
    private readonly budgets: { readonly samples: Budget; readonly percentiles: Budget },
  ) {
    this.width = type === 'histogram' ? upperBounds.length + 2 : 1;
    this.times = new Float64Array(shape.capacity);
  }

  get capacity(): number {
    return this.shape.capacity;
  }

  get percentiles(): boolean {
    return this.shape.percentiles;
  }

  has({ capacity, percentiles }: HistoryShape): boolean {
    return this.capacity === capacity && this.percentiles === percentiles;
  }

  covers({ capacity, percentiles }: HistoryShape): boolean {
    return this.capacity >= capacity && (this.percentiles || !percentiles);
  }

  /** How many bytes more it would take, about, in another shape and with so many series. */
  growthTo(shape: HistoryShape, seriesCount: number): number {
    const count = Math.max(seriesCount, this.series.size);
    return count * this.bytesOf(shape) - this.series.size * this.bytesOf(this.shape);
  }

  /** Takes another shape, and keeps of its samples the latest; a series that there is no room for is given up. */
  resize(shape: HistoryShape): void {
    const before = this.shape;
    const kept = Math.min(this.count, before.capacity, shape.capacity);
    const slots = Array.from({ length: kept }, (_, i) => (this.count - kept + i) % before.capacity);
    const times = new Float64Array(shape.capacity);
    slots.forEach((slot, i) => (times[i] = this.times[slot]));
    this.times = times;
    this.shape = shape;
    const growth = this.bytesOf(shape) - this.bytesOf(before);
    for (const [key, series] of this.series) {
      if (growth > 0 && !this.budgets.samples.take(() => growth)) {
        this.remove(key, before);
        continue;
      }
      if (growth < 0) this.budgets.samples.release(-growth);
      const values = new Float64Array(shape.capacity * this.width).fill(MISSED);
      slots.forEach((slot, i) =>
        values.set(series.values.subarray(slot * this.width, (slot + 1) * this.width), i * this.width),
      );
      series.values = values;
      series.lastSample -= this.count - kept;
      this.budgets.percentiles.release(
        series.fine?.relay(shape.percentiles ? slots : [], shape.capacity) ?? 0,
      );
      if (!shape.percentiles) series.fine = undefined;
      else series.fine ??= new FineHistory(shape.capacity);
    }
    this.count = kept;
  }

  /** Gives up series, the newest first, as long as there is need. */
  giveUp(isShort: () => boolean): void {
    for (const key of [...this.series.keys()].toReversed()) {
      if (!isShort()) return;
      this.remove(key);
    }
  }

  /** Begins a sample: until they are written, its series are gone, or just missed if this says so of their keys. */
  begin(timestamp: number, isMissed: (key: string) => boolean = () => false): void {
    const slot = this.count % this.capacity;
    this.times[slot] = timestamp;
    this.count++;
    for (const [key, series] of this.series) {
      if (this.count - series.lastSample > this.capacity) this.remove(key);
      else {
        series.values.fill(isMissed(key) ? MISSED : GONE, slot * this.width, (slot + 1) * this.width);
        this.budgets.percentiles.release(series.fine?.clear(slot) ?? 0);
      }
    }
  }

  /**
   * The series of this key, to {@link write} to.
   *
   * @param key which identifies it; its labels are only read if it is new
   * @returns undefined if there is no memory left for it
   */
  find(key: string, labels: () => Record<string, string>, createdAt: number): KeptSeries | undefined {
    const known = this.series.get(key);
    if (known !== undefined) return known;
    if (!this.budgets.samples.take(() => this.bytesOf(this.shape, key))) return undefined;
    const values = new Float64Array(this.capacity * this.width).fill(MISSED);
    const fine = this.percentiles ? new FineHistory(this.capacity) : undefined;
    const series = { labels: withoutEmpty(labels()), values, fine, createdAt, lastSample: this.count };
    this.series.set(key, series);
    return series;
  }

  /** Writes a number of the sample that was begun last. */
  write(series: KeptSeries, column: number, value: number): void {
    series.lastSample = this.count;
    series.values[this.latestSlot * this.width + column] = value;
  }

  /**
   * Writes the exponential histogram of the sample that was begun last.
   *
   * @param began whether the series began since the sample before
   * @returns false if there was no memory left for it
   */
  writeFine(series: KeptSeries, histogram: ExponentialHistogramSnapshot, began: boolean): boolean {
    const { fine } = series;
    if (fine === undefined) return true;
    const bytes = fine.write(this.latestSlot, histogram, began);
    if (bytes < 0) this.budgets.percentiles.release(-bytes);
    if (bytes <= 0 || this.budgets.percentiles.take(() => bytes)) return true;
    // Where it is now: to make room, this history may have been made smaller.
    series.fine?.clear(this.latestSlot);
    return false;
  }

  /** When the samples were taken that are still there, oldest first. */
  *timestamps(): Generator<number> {
    for (const slot of this.slots(-Infinity, Infinity)) yield this.times[slot];
  }

  /** When the last sample was taken at or before a moment; undefined if there is none. */
  lastTime(at: number): number | undefined {
    let last: number | undefined;
    for (const slot of this.slots(-Infinity, at)) last = this.times[slot];
    return last;
  }

  /** What a series is taken to be at a moment; undefined if it was not there. */
  valueAt({ values }: KeptSeries, column: number, at: number): number | undefined {
    for (let i = this.count - 1; i >= Math.max(0, this.count - this.capacity); i--) {
      const slot = i % this.capacity;
      const time = this.times[slot];
      if (time > at) continue;
      if (time < at - LOOKBACK_MS) return undefined;
      const value = values[slot * this.width + column];
      if (value === GONE) return undefined;
      if (!Number.isNaN(value)) return value;
    }
    return undefined;
  }

  /** The samples of a series from a moment to another, both included. */
  window({ values }: KeptSeries, column: number, startMs: number, endMs: number): Window {
    const window = { times: [] as number[], values: [] as number[], startMs, endMs };
    for (const slot of this.slots(startMs, endMs)) {
      const value = values[slot * this.width + column];
      if (value === GONE || Number.isNaN(value)) continue;
      window.times.push(this.times[slot]);
      window.values.push(value);
    }
    return window;
  }

  /** The places of the samples from a moment to another, both included, oldest first. */
  *slots(startMs: number, endMs: number): Generator<number> {
    for (let i = Math.max(0, this.count - this.capacity); i < this.count; i++) {
      const slot = i % this.capacity;
      const time = this.times[slot];
      if (time >= startMs && time <= endMs) yield slot;
    }
  }

  /** Gives all memory back: it is not written to any more. */
  end(): void {
    for (const key of this.series.keys()) this.remove(key);
  }

  private get latestSlot(): number {
    return (this.count - 1) % this.capacity;
  }

  /** @param shape that in which its samples are accounted for */
  private remove(key: string, shape = this.shape): void {
    const series = this.series.get(key);
    this.series.delete(key);
    this.budgets.samples.release(this.bytesOf(shape, key));
    this.budgets.percentiles.release(series?.fine?.relay([], 0) ?? 0);
  }

  private bytesOf({ capacity, percentiles }: HistoryShape, key = ''): number {
    return capacity * (this.width * 8 + (percentiles ? 8 : 0)) + SERIES_BYTES + 2 * key.length;
  }
}

/** An empty label is the same as none. */
function withoutEmpty(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
