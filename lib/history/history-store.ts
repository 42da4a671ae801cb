import { type MetricFamily, type MetricsSnapshot, seriesCountOf } from '../metrics/snapshot.js';
import { Guard } from '../primitives/guard.js';
import { messageOf } from '../primitives/error-message.js';
import { FamilyHistory, type HistoryShape } from './family-history.js';
import { HistoryMemory } from './history-memory.js';
import {
  type Retention,
  type RetentionExtent,
  type RetentionRequest,
  RetentionRequests,
} from './retention.js';
import type { ResolvedHistory } from './history.options.js';
import { writeSample } from './sample-writer.js';
import { isSameList } from '../primitives/same-list.js';

/**
 * A store of samples of the metrics that retention requests name, bounded in number and in memory. When memory is short,
 * best-effort requests are evicted first.
 *
 * A series takes 8 bytes for each sample and about 600 bytes more; a histogram takes 8 bytes for each bucket of each
 * sample.
 */
export class HistoryStore {
  private readonly families = new Map<string, FamilyHistory>();
  private readonly requests: RetentionRequests;
  private readonly memory: HistoryMemory;
  private readonly dropped = new Map<string, number>();
  private readonly listeners = new Set<(timestamp: number) => unknown>();
  /** The retentions as of the last sample. */
  private retentions: ReadonlyMap<string, Retention> = new Map();
  private lastSampleAt: number | undefined;

  /** @param listenersGuard receives the errors that listeners throw or reject with */
  constructor(
    private readonly options: ResolvedHistory,
    private readonly listenersGuard = new Guard((error) =>
      process.emitWarning(`Callback "history.onSample" failed: ${messageOf(error)}`, 'MonitoringWarning'),
    ),
  ) {
    this.requests = new RetentionRequests(options.retentionMs);
    this.memory = new HistoryMemory(options.maxBytes);
  }

  /** The time of the last sample, in milliseconds since the Unix epoch; undefined before the first one. */
  get lastSample(): number | undefined {
    return this.lastSampleAt;
  }

  /** The time between two samples, in milliseconds. */
  get intervalMs(): number {
    return this.options.intervalMs;
  }

  /** The memory that the samples take, estimated, in bytes. */
  get bytes(): number {
    return this.memory.bytes;
  }

  /** Memory limit of all samples, in bytes. */
  get maxBytes(): number {
    return this.options.maxBytes;
  }

  /** Retention of a request without a window of its own, in milliseconds. */
  get retentionMs(): number {
    return this.options.retentionMs;
  }

  /** Returns the memory that the samples of a metric take, estimated, in bytes. */
  bytesOf(metric: string): number {
    return this.families.get(metric)?.bytes ?? 0;
  }

  /** The number of stored series. */
  get seriesCount(): number {
    return [...this.families.values()].reduce((count, { series }) => count + series.size, 0);
  }

  /** True if there is a retention request. */
  get hasRequests(): boolean {
    return !this.requests.isEmpty;
  }

  /** The metrics whose exponential histograms each sample must contain. */
  get metricsWithPercentiles(): ReadonlySet<string> {
    return this.requests.metricsWithPercentiles;
  }

  /** Returns the number of samples of a metric, or of all metrics, that were dropped at the memory limit. */
  droppedSamples(metric?: string): number {
    if (metric !== undefined) return this.dropped.get(metric) ?? 0;
    return [...this.dropped.values()].reduce((total, count) => total + count, 0);
  }

  /** Returns the samples of a metric; undefined if there are none. */
  family(metric: string): FamilyHistory | undefined {
    return this.families.get(metric);
  }

  /** Returns the name and the samples of each metric. */
  all(): IterableIterator<[string, FamilyHistory]> {
    return this.families.entries();
  }

  /** Stores samples of a metric, which need not exist yet. @returns a function that withdraws the request */
  retain(request: RetentionRequest): () => void {
    return this.requests.add(request);
  }

  /**
   * Calls a listener with the time of each new sample. Errors that it throws or rejects with are counted in
   * `monitoring_callback_errors_total`.
   *
   * @returns a function that removes the listener
   */
  onSample(listener: (timestamp: number) => unknown): () => void {
    const own = (timestamp: number): unknown => listener(timestamp);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /**
   * Adds a sample of every requested metric and calls the listeners. A series that the snapshot lacks counts as gone.
   *
   * @param isMissed returns true for the key of a series that still exists although the snapshot lacks it
   * @param tookMs time that the collection took, in milliseconds. A snapshot of several workers has the time of its start.
   */
  add(
    { timestamp, defaultLabels, families }: MetricsSnapshot,
    isMissed?: (key: string) => boolean,
    tookMs = 0,
  ): void {
    // The clock was set back: the new sample would be older than the stored ones.
    if (this.lastSampleAt !== undefined && timestamp <= this.lastSampleAt) {
      this.forget();
      this.lastSampleAt = undefined;
    }
    const since = this.lastSampleAt ?? timestamp - this.intervalMs;
    const until = timestamp + Math.max(timestamp - since, tookMs);
    this.retentions = this.requests.byMetric();
    for (const name of this.families.keys()) if (!this.retentions.has(name)) this.forget(name);
    const present = new Map(families.map((family) => [family.name, family]));
    for (const [name, retention] of this.retentions) {
      const family = present.get(name);
      if (family !== undefined) this.prepare(name, retention, family);
      const history = this.families.get(name);
      history?.begin(timestamp, isMissed);
      if (family === undefined || history === undefined) continue;
      writeSample(history, family, {
        defaultLabels,
        since,
        until,
        onDrop: () => this.countDrop(name),
        onExponentialDrop: () => retention.required?.percentiles !== false && this.countDrop(name),
      });
    }
    this.lastSampleAt = timestamp;
    this.listenersGuard.callEach(this.listeners, timestamp);
  }

  /** Drops the samples of a metric, or of all. */
  forget(metric?: string): void {
    for (const [name, family] of this.families) {
      if (metric !== undefined && name !== metric) continue;
      family.dispose();
      this.families.delete(name);
    }
  }

  /** Creates or resizes the history of a metric, up to the requested extent as far as memory allows. */
  private prepare(name: string, { required, all }: Retention, family: MetricFamily): void {
    const full = this.shapeOf(all);
    const requiredShape = required && this.shapeOf(required);
    const upperBounds = family.type === 'histogram' ? family.upperBounds : [];
    let history = this.families.get(name);
    if (history?.type !== family.type || !isSameList(history.upperBounds, upperBounds)) {
      history?.dispose();
      history = new FamilyHistory(family.type, upperBounds, requiredShape ?? full, {
        samples: this.memory.budget(() => this.retentions.get(name)?.required && this.evict),
        percentiles: this.memory.budget(() => this.retentions.get(name)?.required?.percentiles && this.evict),
      });
      this.families.set(name, history);
    }
    if (history.has(full)) return;
    const growth = history.growthTo(full, seriesCountOf([family]));
    if (growth <= 0 || this.memory.isAmple(growth)) history.resize(full);
    else if (requiredShape !== undefined && !history.covers(requiredShape)) history.resize(requiredShape);
  }

  /** Evicts samples to free memory: first best-effort metrics, then the samples beyond the required extent of others. */
  private readonly evict = (bytes: number): void => {
    const target = this.memory.bytes - bytes;
    const isShort = (): boolean => this.memory.bytes > target;
    const newestFirst = [...this.families].toReversed();
    for (const [name, history] of newestFirst) {
      if (this.retentions.get(name)?.required === undefined) history.evictNewest(isShort);
    }
    for (const [name, history] of newestFirst) {
      const required = this.retentions.get(name)?.required;
      if (required === undefined || !isShort()) continue;
      const shape = this.shapeOf(required);
      if (history.covers(shape) && !history.has(shape)) history.resize(shape);
    }
  };

  private shapeOf({ windowMs, percentiles }: RetentionExtent): HistoryShape {
    // Both ends of the window, and one more sample, since a timer may fire early.
    return { capacity: Math.ceil(windowMs / this.options.intervalMs) + 2, percentiles };
  }

  private countDrop(metric: string): void {
    this.dropped.set(metric, (this.dropped.get(metric) ?? 0) + 1);
  }
}
