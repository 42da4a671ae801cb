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
  /** @returns whether there was so much left; if not, nothing is taken */
  take(bytes: number): boolean;
  release(bytes: number): void;
}

/** One series over time. A histogram has several columns: one for each of its buckets, cumulated, and the sum. */
export interface KeptSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Float64Array;
  readonly fine: FineHistory | undefined;
  /** When it began, so that one that began anew is seen as such. */
  createdAt: number;
  /** The number of the last sample in which it was there. */
  lastSample: number;
}

/** One metric over time: a ring of so many samples of each of its series. */
export class FamilyHistory {
  readonly series = new Map<string, KeptSeries>();
  readonly capacity: number;
  /** The columns of a series. */
  readonly width: number;
  private readonly times: Float64Array;
  private count = 0;

  /**
   * @param type what the metric is; a histogram has a column for each bucket and one for the sum
   * @param upperBounds the finite bounds of the buckets of a histogram
   * @param capacity how many samples are kept
   * @param fine whether exponential histograms are kept too
   */
  constructor(
    readonly type: 'counter' | 'gauge' | 'histogram',
    readonly upperBounds: readonly number[],
    capacity: number,
    readonly fine: boolean,
    private readonly budget: Budget,
  ) {
    this.capacity = capacity;
    this.width = type === 'histogram' ? upperBounds.length + 2 : 1;
    this.times = new Float64Array(capacity);
  }

  /** Begins a sample: until they are written, its series are gone, or just missed if this says so of their keys. */
  begin(timestamp: number, isMissed: (key: string) => boolean = () => false): void {
    const slot = this.count % this.capacity;
    this.times[slot] = timestamp;
    this.count++;
    for (const [key, series] of this.series) {
      if (this.count - series.lastSample > this.capacity) {
        this.series.delete(key);
        this.budget.release(this.bytesOfSeries(key));
      } else {
        series.values.fill(isMissed(key) ? MISSED : GONE, slot * this.width, (slot + 1) * this.width);
        this.budget.release(series.fine?.clear(slot) ?? 0);
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
    if (!this.budget.take(this.bytesOfSeries(key))) return undefined;
    const values = new Float64Array(this.capacity * this.width).fill(MISSED);
    const fine = this.fine ? new FineHistory(this.capacity) : undefined;
    const series = { labels: withoutEmpty(labels()), values, fine, createdAt, lastSample: this.count };
    this.series.set(key, series);
    return series;
  }

  /** Writes a number of the sample that was begun last. */
  write(series: KeptSeries, column: number, value: number): void {
    series.lastSample = this.count;
    series.values[((this.count - 1) % this.capacity) * this.width + column] = value;
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
    const slot = (this.count - 1) % this.capacity;
    const bytes = fine.write(slot, histogram, began);
    if (bytes < 0) this.budget.release(-bytes);
    if (bytes <= 0 || this.budget.take(bytes)) return true;
    fine.clear(slot);
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

  /** Copies what another history of the same metric holds, as far as there is room. */
  copyFrom(other: FamilyHistory): void {
    for (
      let i = Math.max(0, other.count - other.capacity, other.count - this.capacity);
      i < other.count;
      i++
    ) {
      const from = i % other.capacity;
      this.begin(other.times[from], () => true);
      for (const [key, old] of other.series) {
        const series = this.find(key, () => ({ ...old.labels }), old.createdAt);
        if (series === undefined) continue;
        for (let column = 0; column < this.width; column++) {
          this.write(series, column, old.values[from * this.width + column]);
        }
      }
    }
  }

  /** Gives all memory back: it is not written to any more. */
  end(): void {
    for (const [key, { fine }] of this.series) {
      this.budget.release(this.bytesOfSeries(key));
      for (let slot = 0; slot < this.capacity; slot++) this.budget.release(fine?.clear(slot) ?? 0);
    }
  }

  private bytesOfSeries(key: string): number {
    return this.capacity * (this.width * 8 + (this.fine ? 8 : 0)) + SERIES_BYTES + 2 * key.length;
  }
}

/** An empty label is the same as none. */
function withoutEmpty(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
