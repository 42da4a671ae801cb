import { liveRows, type MetricFamily, type MetricsSnapshot } from '../metrics/snapshot.js';
import { Guard } from '../primitives/guard.js';
import { messageOf } from '../primitives/message-of.js';
import { FamilyHistory, type HistoryShape } from './family-history.js';
import { HistoryMemory } from './history-memory.js';
import { HistoryReader } from './history-reader.js';
import { type Extent, type HistoryWish, HistoryWishes, type Wanted } from './history-wishes.js';
import type { ResolvedHistory } from './history.options.js';
import { total } from './readings.js';
import { writeSample } from './sample-writer.js';

/**
 * What the metrics were lately: a bounded number of samples of those that somebody asked for. Where memory is short,
 * what is kept as best it can be gives way to what is not.
 *
 * A series takes `8 B × samples` and some 600 B more; a histogram takes that for each of its buckets.
 */
export class MetricsHistory extends HistoryReader {
  private readonly wishes: HistoryWishes;
  private readonly memory: HistoryMemory;
  private readonly dropped = new Map<string, number>();
  private readonly listeners = new Set<(timestamp: number) => unknown>();
  /** As of the sample that was added last. */
  private wanted: ReadonlyMap<string, Wanted> = new Map();

  /** @param listenersGuard receives what listeners throw, or reject with */
  constructor(
    private readonly options: ResolvedHistory,
    private readonly listenersGuard = new Guard((error) =>
      process.emitWarning(
        `A callback of "history.onSample" failed: ${messageOf(error)}`,
        'MonitoringWarning',
      ),
    ),
  ) {
    super();
    this.wishes = new HistoryWishes(options.durationMs);
    this.memory = new HistoryMemory(options.maxBytes);
  }

  /** How often samples are taken, in milliseconds. */
  get intervalMs(): number {
    return this.options.intervalMs;
  }

  /** How much memory the samples take, about, in bytes. */
  get bytes(): number {
    return this.memory.bytes;
  }

  /** How many series are kept. */
  get seriesCount(): number {
    return [...this.families.values()].reduce((count, { series }) => count + series.size, 0);
  }

  /** Whether anybody needs anything, so that samples have to be taken. */
  get isWanted(): boolean {
    return !this.wishes.isEmpty;
  }

  /** The metrics whose exponential histograms are needed with each sample. */
  get withPercentiles(): ReadonlySet<string> {
    return this.wishes.withPercentiles;
  }

  /** How many samples of a metric, or of all, were not kept because the memory was used up. */
  droppedSamples(metric?: string): number {
    if (metric !== undefined) return this.dropped.get(metric) ?? 0;
    return total([...this.dropped.values()]);
  }

  /**
   * Remembers a metric from the next sample on. It need not exist yet.
   *
   * @returns how to take the wish back
   */
  keep(wish: HistoryWish): () => void {
    return this.wishes.add(wish);
  }

  /**
   * Calls back after every sample, with its time. A listener that throws or rejects costs only itself; its errors are
   * counted in `monitoring_callback_errors_total`.
   *
   * @returns how to end that
   */
  onSample(listener: (timestamp: number) => unknown): () => void {
    const own = (timestamp: number): unknown => listener(timestamp);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /**
   * Adds a sample of every metric that is wanted, and tells the listeners.
   *
   * @param isMissed whether a series that is not in the snapshot was only not looked at, by how its lines begin;
   *   otherwise it is taken to be gone
   */
  add({ timestamp, defaultLabels, families }: MetricsSnapshot, isMissed?: (key: string) => boolean): void {
    // A clock that was set back would make samples that are older than those before.
    if (this.lastSampleAt !== undefined && timestamp <= this.lastSampleAt) {
      this.forget();
      this.lastSampleAt = undefined;
    }
    const since = this.lastSampleAt ?? timestamp - this.intervalMs;
    this.wanted = this.wishes.byMetric();
    for (const name of this.families.keys()) if (!this.wanted.has(name)) this.forget(name);
    const present = new Map(families.map((family) => [family.name, family]));
    for (const [name, wanted] of this.wanted) {
      const family = present.get(name);
      if (family !== undefined) this.prepare(name, wanted, family);
      const history = this.families.get(name);
      history?.begin(timestamp, isMissed);
      if (family === undefined || history === undefined) continue;
      writeSample(history, family, {
        defaultLabels,
        since,
        onDrop: () => this.countDrop(name),
        onFineDrop: () => wanted.required?.percentiles !== false && this.countDrop(name),
      });
    }
    this.lastSampleAt = timestamp;
    this.listenersGuard.callEach(this.listeners, timestamp);
  }

  /** Forgets the samples of a metric, or all of them. */
  forget(metric?: string): void {
    for (const [name, family] of this.families) {
      if (metric !== undefined && name !== metric) continue;
      family.end();
      this.families.delete(name);
    }
  }

  /** Sees to it that there is a history of a metric, and as much of it as is wanted and there is room for. */
  private prepare(name: string, { required, all }: Wanted, family: MetricFamily): void {
    const full = this.shapeOf(all);
    const least = required && this.shapeOf(required);
    const upperBounds = family.type === 'histogram' ? family.upperBounds : [];
    let history = this.families.get(name);
    if (history?.type !== family.type || history.upperBounds.join() !== upperBounds.join()) {
      history?.end();
      history = new FamilyHistory(family.type, upperBounds, least ?? full, {
        samples: this.memory.budget(() => this.wanted.get(name)?.required && this.makeRoom),
        percentiles: this.memory.budget(() => this.wanted.get(name)?.required?.percentiles && this.makeRoom),
      });
      this.families.set(name, history);
    }
    if (history.has(full)) return;
    const growth = history.growthTo(full, rowCount(family));
    if (growth <= 0 || this.memory.isAmple(growth)) history.resize(full);
    else if (least !== undefined && !history.covers(least)) history.resize(least);
  }

  /** Frees memory for what must not give way: first of what may altogether, then of what goes beyond it. */
  private readonly makeRoom = (bytes: number): void => {
    const most = this.memory.bytes - bytes;
    const isShort = (): boolean => this.memory.bytes > most;
    const newestFirst = [...this.families].toReversed();
    for (const [name, history] of newestFirst) {
      if (this.wanted.get(name)?.required === undefined) history.giveUp(isShort);
    }
    for (const [name, history] of newestFirst) {
      const required = this.wanted.get(name)?.required;
      if (required === undefined || !isShort()) continue;
      const least = this.shapeOf(required);
      if (history.covers(least) && !history.has(least)) history.resize(least);
    }
  };

  private shapeOf({ windowMs, percentiles }: Extent): HistoryShape {
    // Both ends of the window, and one more, since a timer may be a little early.
    return { capacity: Math.ceil(windowMs / this.options.intervalMs) + 2, percentiles };
  }

  private countDrop(metric: string): void {
    this.dropped.set(metric, (this.dropped.get(metric) ?? 0) + 1);
  }
}

function rowCount(family: MetricFamily): number {
  let count = 0;
  for (const _ of liveRows(family)) count++;
  return count;
}
