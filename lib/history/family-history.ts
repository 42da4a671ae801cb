import type { ExponentialHistogramSnapshot } from '../metrics/exponential-histogram.js';
import { CREATED_UNKNOWN } from '../metrics/snapshot.js';
import { ExponentialHistory } from './exponential-history.js';
import type { MemoryBudget } from './history-memory.js';
import { SampleTimes } from './sample-times.js';
import { FamilyReader } from './family-reader.js';
import { MISSING, STALE, type StoredSeries, zeroTimesOf } from './stored-series.js';
import { withoutEmptyLabels } from '../metrics/labels.js';

/** The estimated size of a series without its samples: its labels, its key and its entry in a map. */
const SERIES_BYTES = 600;

/** The extent of the samples of one metric. */
export interface HistoryShape {
  /** Number of samples of each series. */
  readonly capacity: number;
  /** True if exponential histograms are stored too. */
  readonly percentiles: boolean;
}

/** A series in the latest sample. */
export interface SampledSeries {
  readonly series: StoredSeries;
  /** True if it was created since the previous sample, or no sample could have it, so that all of its count is new. */
  readonly isNew: boolean;
}

/** A fixed-size ring of samples of one metric family. */
export class FamilyHistory {
  readonly series = new Map<string, StoredSeries>();
  /** The number of columns of a series. */
  readonly width: number;
  /** The questions to the samples. */
  readonly reader: FamilyReader;
  private readonly times: SampleTimes;
  /** The end of the time in which samples lacked series for want of memory. */
  private incompleteUntil = -Infinity;

  /** @param upperBounds the finite bucket bounds of a histogram; empty for other metrics */
  constructor(
    readonly type: 'counter' | 'gauge' | 'histogram',
    readonly upperBounds: readonly number[],
    private shape: HistoryShape,
    private readonly budgets: { readonly samples: MemoryBudget; readonly percentiles: MemoryBudget },
  ) {
    this.width = type === 'histogram' ? upperBounds.length + 2 : 1;
    this.times = new SampleTimes(shape.capacity);
    this.reader = new FamilyReader(this.times, this.width, type !== 'gauge');
  }

  /** The column of the value, or of the count of a histogram. */
  get countColumn(): number {
    return this.type === 'histogram' ? this.upperBounds.length : 0;
  }

  /** The column of the sum of a histogram. */
  get sumColumn(): number {
    return this.type === 'histogram' ? this.upperBounds.length + 1 : 0;
  }

  /** The memory that the samples take, estimated, in bytes. */
  get bytes(): number {
    return this.budgets.samples.bytes + this.budgets.percentiles.bytes;
  }

  get percentiles(): boolean {
    return this.shape.percentiles;
  }

  /** The time since which a series that was not stored did not exist, or belongs to a worker that did not respond. */
  private get completeSince(): number {
    return Math.max(this.times.coveredSince, this.incompleteUntil);
  }

  /** Returns true if a sample since a time, in milliseconds since the Unix epoch, lacked a series for want of memory. */
  lacksSeriesSince(since: number): boolean {
    return this.incompleteUntil >= since;
  }

  /** Returns true if the history has this very shape. */
  has({ capacity, percentiles }: HistoryShape): boolean {
    return this.shape.capacity === capacity && this.percentiles === percentiles;
  }

  /** Returns true if the history stores at least as much as this shape. */
  covers({ capacity, percentiles }: HistoryShape): boolean {
    return this.shape.capacity >= capacity && (this.percentiles || !percentiles);
  }

  /** Returns the estimated growth in bytes for another shape and number of series. */
  growthTo(shape: HistoryShape, seriesCount: number): number {
    const count = Math.max(seriesCount, this.series.size);
    return count * this.bytesOf(shape) - this.series.size * this.bytesOf(this.shape);
  }

  /** Changes the shape and keeps the latest samples. A series for which there is no memory is evicted. */
  resize(shape: HistoryShape): void {
    const before = this.shape;
    const former = this.times.count;
    const slots = this.times.resize(shape.capacity);
    this.shape = shape;
    const growth = this.bytesOf(shape) - this.bytesOf(before);
    for (const [key, series] of this.series) {
      if (growth > 0 && !this.budgets.samples.reserve(() => growth)) {
        this.remove(key, before);
        this.noteIncomplete();
        continue;
      }
      if (growth < 0) this.budgets.samples.release(-growth);
      const values = new Float64Array(shape.capacity * this.width).fill(MISSING);
      slots.forEach((slot, i) =>
        values.set(series.values.subarray(slot * this.width, (slot + 1) * this.width), i * this.width),
      );
      series.values = values;
      series.lastSample -= former - slots.length;
      this.budgets.percentiles.release(
        series.exponential?.resize(shape.percentiles ? slots : [], shape.capacity) ?? 0,
      );
      if (!shape.percentiles) series.exponential = undefined;
      else series.exponential ??= new ExponentialHistory(shape.capacity);
    }
  }

  /** Evicts series, the newest first, until memory is no longer short. */
  evictNewest(isShort: () => boolean): void {
    for (const key of [...this.series.keys()].toReversed()) {
      if (!isShort()) return;
      this.remove(key);
      this.noteIncomplete();
    }
  }

  /**
   * Begins a sample. A series that is not written to it counts as gone.
   *
   * @param isMissed returns true for the key of a series that still exists although this sample lacks it
   */
  begin(timestamp: number, isMissed: (key: string) => boolean = () => false): void {
    this.times.push(timestamp);
    const { latestSlot: slot, count } = this.times;
    for (const [key, series] of this.series) {
      if (count - series.lastSample > this.shape.capacity) this.remove(key);
      else {
        series.values.fill(isMissed(key) ? MISSING : STALE, slot * this.width, (slot + 1) * this.width);
        this.budgets.percentiles.release(series.exponential?.clear(slot) ?? 0);
      }
    }
  }

  /**
   * Returns the series of this key in the latest sample, to {@link write} to, and creates it if it is new.
   *
   * @param labels called only for a new series
   * @param since the time of the previous sample
   * @param until the latest time at which a series of this sample may have been created
   * @returns undefined if there is no memory left for a new series
   */
  addSeries(
    key: string,
    labels: () => Record<string, string>,
    createdAt: number,
    since: number,
    until: number,
  ): SampledSeries | undefined {
    const known = this.series.get(key);
    if (known !== undefined) return { series: known, isNew: this.updateCreation(known, createdAt, until) };
    if (!this.budgets.samples.reserve(() => this.bytesOf(this.shape, key))) {
      this.noteIncomplete();
      return undefined;
    }
    const zeroAt = this.zeroTimeOf(createdAt, until);
    const series: StoredSeries = {
      labels: withoutEmptyLabels(labels()),
      values: new Float64Array(this.shape.capacity * this.width).fill(MISSING),
      exponential: this.percentiles ? new ExponentialHistory(this.shape.capacity) : undefined,
      createdAt,
      zeroAt,
      earlierZeroTimes: undefined,
      min: NaN,
      max: NaN,
      lastSample: this.times.count,
    };
    this.series.set(key, series);
    // Older than the previous sample: it belongs to a worker whose metrics that sample lacked.
    const isNew = zeroAt >= Math.min(since, this.completeSince);
    if (isNew) this.times.extendTo(since);
    return { series, isNew };
  }

  /** Writes a number of the latest sample. */
  write(series: StoredSeries, column: number, value: number): void {
    series.lastSample = this.times.count;
    series.values[this.times.latestSlot * this.width + column] = value;
  }

  /**
   * Writes the exponential histogram of the latest sample.
   *
   * @param isNew true if the series was created since the previous sample
   * @returns false if there was no memory left for it
   */
  writeExponential(series: StoredSeries, histogram: ExponentialHistogramSnapshot, isNew: boolean): boolean {
    const { exponential } = series;
    if (exponential === undefined) return true;
    const bytes = exponential.write(this.times.latestSlot, histogram, isNew);
    if (bytes < 0) this.budgets.percentiles.release(-bytes);
    if (bytes <= 0 || this.budgets.percentiles.reserve(() => bytes)) return true;
    // The reservation may have resized this very history, and moved the slot.
    series.exponential?.clear(this.times.latestSlot);
    return false;
  }

  /** Releases all memory; the history must not be written to any more. */
  dispose(): void {
    for (const key of this.series.keys()) this.remove(key);
  }

  /** Notes that the latest sample lacks a series for want of memory. */
  private noteIncomplete(): void {
    this.incompleteUntil = this.times.at(this.times.latestSlot);
  }

  /**
   * Updates the creation time of a known series.
   *
   * @returns true if the series was created again since the last sample that contained it
   */
  private updateCreation(series: StoredSeries, createdAt: number, until: number): boolean {
    // A gauge does not start at zero, and some are created again for each sample.
    if (createdAt === series.createdAt || this.type === 'gauge') return false;
    const seenAt = this.times.ofSample(series.lastSample);
    // A sum over several workers begins with the oldest of them, which may leave, or be joined by an older one.
    if (createdAt > series.createdAt && createdAt < seenAt) return false;
    const isCreatedAgain = createdAt > series.createdAt;
    const oldest = isCreatedAgain
      ? this.times.ofSample(Math.max(1, this.times.count - this.shape.capacity + 1))
      : Infinity;
    const earlier = zeroTimesOf(series).filter((zeroAt) => zeroAt >= oldest);
    series.earlierZeroTimes = earlier.length === 0 ? undefined : earlier;
    series.createdAt = createdAt;
    const zeroAt = this.zeroTimeOf(createdAt, until);
    // A worker that joins has created it earlier: it was zero no later than it was already known to be.
    const isKnown = series.zeroAt !== -Infinity;
    if (isCreatedAgain) series.zeroAt = Math.max(zeroAt, seenAt);
    else series.zeroAt = isKnown ? Math.min(zeroAt, series.zeroAt) : zeroAt;
    return isCreatedAgain;
  }

  /**
   * Returns the time at which a series of the latest sample was zero: before that sample, and -Infinity for a creation
   * time in the future, which a clock that was set back leaves behind.
   */
  private zeroTimeOf(createdAt: number, until: number): number {
    const isImpossible = createdAt === CREATED_UNKNOWN || createdAt > until;
    return isImpossible ? -Infinity : Math.min(createdAt, this.times.at(this.times.latestSlot) - 1);
  }

  /** @param shape the shape that the reserved memory was computed for */
  private remove(key: string, shape = this.shape): void {
    const series = this.series.get(key);
    this.series.delete(key);
    this.budgets.samples.release(this.bytesOf(shape, key));
    this.budgets.percentiles.release(series?.exponential?.resize([], 0) ?? 0);
  }

  private bytesOf({ capacity, percentiles }: HistoryShape, key = ''): number {
    return capacity * (this.width * 8 + (percentiles ? 8 : 0)) + SERIES_BYTES + 2 * key.length;
  }
}
