import type { ExponentialHistogramSnapshot } from '../metrics/exponential-histogram.js';
import { CREATED_UNKNOWN } from '../metrics/snapshot.js';
import { ExponentialHistory } from './exponential-history.js';
import type { Samples, SampleWindow } from './samples.js';

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
  fine: ExponentialHistory | undefined;
  /** The creation time that the registry says, so that a series that began anew is seen as such. */
  createdAt: number;
  /** When it was zero for the last time: at its creation. -Infinity if that is not known. */
  bornAt: number;
  /** When it was zero before, as far back as samples are kept; undefined for nearly every series. */
  formerBirths: readonly number[] | undefined;
  /** The smallest and the largest value that a histogram has observed; NaN without any. */
  least: number;
  most: number;
  /** The number of the last sample in which it was there. */
  lastSample: number;
}

/** A series as it is met in a sample. */
export interface MetSeries {
  readonly series: KeptSeries;
  /** Whether it began since the sample before, so that all of its count is new. */
  readonly isNewborn: boolean;
}

/** One metric over time: a ring of so many samples of each of its series. */
export class FamilyHistory {
  readonly series = new Map<string, KeptSeries>();
  /** The columns of a series. */
  readonly width: number;
  private times: Float64Array;
  private count = 0;
  /** Since when nothing is missing, as long as no sample has made way for another. */
  private startedAt = -Infinity;

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

  /** The column of the value, or of the count of a histogram. */
  get countColumn(): number {
    return this.type === 'histogram' ? this.upperBounds.length : 0;
  }

  /** The column of the sum of a histogram. */
  get sumColumn(): number {
    return this.type === 'histogram' ? this.upperBounds.length + 1 : 0;
  }

  get capacity(): number {
    return this.shape.capacity;
  }

  get percentiles(): boolean {
    return this.shape.percentiles;
  }

  /** Since when nothing of the metric is missing, in milliseconds since the Unix epoch. */
  get coveredSince(): number {
    return this.count > this.capacity ? this.times[this.count % this.capacity] : this.startedAt;
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
    this.startedAt = kept < this.count ? this.times[slots[0]] : this.startedAt;
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
      else series.fine ??= new ExponentialHistory(shape.capacity);
    }
    this.count = kept;
  }

  /** Gives up series, the newest first, as long as there is need. */
  evictNewest(isShort: () => boolean): void {
    for (const key of [...this.series.keys()].toReversed()) {
      if (!isShort()) return;
      this.remove(key);
    }
  }

  /** Begins a sample: until they are written, its series are gone, or just missed if this says so of their keys. */
  begin(timestamp: number, isMissed: (key: string) => boolean = () => false): void {
    const slot = this.count % this.capacity;
    this.times[slot] = timestamp;
    if (this.count === 0) this.startedAt = timestamp;
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
   * Finds the series of this key in the sample that was begun last, to {@link write} to.
   *
   * @param key which identifies it; its labels are only read if it is new
   * @param since when the sample before was taken, or would have been
   * @returns undefined if there is no memory left for it
   */
  meet(
    key: string,
    labels: () => Record<string, string>,
    createdAt: number,
    since: number,
  ): MetSeries | undefined {
    const known = this.series.get(key);
    if (known !== undefined) return { series: known, isNewborn: this.beganAnew(known, createdAt, since) };
    if (!this.budgets.samples.take(() => this.bytesOf(this.shape, key))) return undefined;
    const bornAt = this.birthOf(createdAt, since);
    const series: KeptSeries = {
      labels: withoutEmpty(labels()),
      values: new Float64Array(this.capacity * this.width).fill(MISSED),
      fine: this.percentiles ? new ExponentialHistory(this.capacity) : undefined,
      createdAt,
      bornAt,
      formerBirths: undefined,
      least: NaN,
      most: NaN,
      lastSample: this.count,
    };
    this.series.set(key, series);
    const isNewborn = bornAt >= since;
    if (isNewborn && this.count === 1) this.startedAt = since;
    return { series, isNewborn };
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

  /** Returns when the samples were taken that are still there, oldest first. */
  timestamps(): number[] {
    return this.slots(-Infinity, Infinity).map((slot) => this.times[slot]);
  }

  /** Returns what a series is taken to be at a moment; undefined if it was not there. */
  valueAt(series: KeptSeries, column: number, at: number): number | undefined {
    const [value] = this.valuesAt(series, column, [at]);
    return Number.isNaN(value) ? undefined : value;
  }

  /** Returns what a series is taken to be at several moments in ascending order; NaN where it was not there. */
  valuesAt({ values }: KeptSeries, column: number, moments: readonly number[]): Float64Array {
    const found = new Float64Array(moments.length).fill(NaN);
    if (moments.length === 0) return found;
    const slots = this.slots(moments[0] - LOOKBACK_MS, moments.at(-1)!);
    let next = 0;
    let value = NaN;
    let seenAt = -Infinity;
    for (let i = 0; i < moments.length; i++) {
      for (; next < slots.length && this.times[slots[next]] <= moments[i]; next++) {
        const sample = values[slots[next] * this.width + column];
        if (Number.isNaN(sample)) continue;
        value = sample === GONE ? NaN : sample;
        seenAt = this.times[slots[next]];
      }
      if (seenAt >= moments[i] - LOOKBACK_MS) found[i] = value;
    }
    return found;
  }

  /** Returns the samples of a series from a moment to another, both included, as a window. */
  window(
    series: KeptSeries,
    column: number,
    startMs: number,
    endMs: number,
    withBirths: boolean,
  ): SampleWindow {
    const samples = this.samples(series, column, startMs, endMs, withBirths);
    return { ...samples, first: 0, end: samples.times.length, startMs, endMs };
  }

  /**
   * Returns the samples of a series from a moment to another, both included.
   *
   * @param withBirths adds a zero wherever a counter or a histogram was created, as Prometheus does that ingests
   *   created timestamps
   */
  samples(series: KeptSeries, column: number, startMs: number, endMs: number, withBirths: boolean): Samples {
    const times: number[] = [];
    const values: number[] = [];
    const births = withBirths && this.type !== 'gauge' ? birthsOf(series) : NO_BIRTHS;
    let birth = births.findIndex((bornAt) => bornAt >= startMs);
    for (const slot of this.slots(startMs, endMs)) {
      const value = series.values[slot * this.width + column];
      if (value === GONE || Number.isNaN(value)) continue;
      const time = this.times[slot];
      // One of the very time of a sample came after it: see birthOf().
      while (birth >= 0 && births[birth] < time) {
        times.push(births[birth]);
        values.push(0);
        birth = birth + 1 < births.length ? birth + 1 : -1;
      }
      times.push(time);
      values.push(value);
    }
    return { times, values };
  }

  /** Returns the places of the samples from a moment to another, both included, oldest first. */
  slots(startMs: number, endMs: number): number[] {
    const oldest = Math.max(0, this.count - this.capacity);
    let end = this.count;
    while (end > oldest && this.times[(end - 1) % this.capacity] > endMs) end--;
    let start = end;
    while (start > oldest && this.times[(start - 1) % this.capacity] >= startMs) start--;
    return Array.from({ length: end - start }, (_, i) => (start + i) % this.capacity);
  }

  timeOf(slot: number): number {
    return this.times[slot];
  }

  /** Gives all memory back: it is not written to any more. */
  end(): void {
    for (const key of this.series.keys()) this.remove(key);
  }

  /**
   * Notes the creation time of a series that is known already.
   *
   * @returns whether it is another series than in the last sample that it was in
   */
  private beganAnew(series: KeptSeries, createdAt: number, since: number): boolean {
    if (createdAt === series.createdAt) return false;
    const seenAt = this.timeOfSample(series.lastSample);
    // The sum of several workers begins with the first of them: that one may leave, and an older one may come.
    if (createdAt > series.createdAt && createdAt < seenAt) return false;
    const isAnother = createdAt > series.createdAt;
    const oldest = isAnother ? this.timeOfSample(Math.max(1, this.count - this.capacity + 1)) : Infinity;
    const former = birthsOf(series).filter((bornAt) => bornAt >= oldest);
    series.formerBirths = former.length === 0 ? undefined : former;
    series.createdAt = createdAt;
    series.bornAt = Math.max(this.birthOf(createdAt, since), isAnother ? seenAt : -Infinity);
    return isAnother;
  }

  /** Returns when a series was zero that is met now: before this sample, and not in a future that was taken back. */
  private birthOf(createdAt: number, since: number): number {
    const now = this.times[this.latestSlot];
    const isImpossible = createdAt === CREATED_UNKNOWN || createdAt > now + (now - since);
    return isImpossible ? -Infinity : Math.min(createdAt, now - 1);
  }

  /** Returns when a sample was taken, by its number; -Infinity if it is not there any more. */
  private timeOfSample(number: number): number {
    const isThere = number > 0 && this.count - number < this.capacity;
    return isThere ? this.times[(number - 1) % this.capacity] : -Infinity;
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

const NO_BIRTHS: readonly number[] = [];

/** Returns when a series was zero, oldest first. */
function birthsOf({ bornAt, formerBirths = NO_BIRTHS }: KeptSeries): readonly number[] {
  return [...formerBirths, bornAt];
}

/** An empty label is the same as none. */
function withoutEmpty(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
