import type { MetricsHistory } from '../query/metrics-history.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import {
  CACHE_METRICS,
  DATABASE_METRICS,
  HTTP_METRICS,
  OUTGOING_HTTP_METRICS,
  QUEUE_METRICS,
  REDIS_METRICS,
} from '../metrics/metric-names.js';

/** The most series of a metric retained permanently. Larger ones are retained while a view of them is open. */
const MAX_SERIES = 50;
/** The most series of a metric of dependencies, whose cards sum them up. */
const MAX_SERIES_OF_DEPENDENCIES = 200;
const OF_DEPENDENCIES: ReadonlySet<string> = new Set([
  DATABASE_METRICS.duration,
  DATABASE_METRICS.errors,
  REDIS_METRICS.commandDuration,
  REDIS_METRICS.commandErrors,
  CACHE_METRICS.duration,
  QUEUE_METRICS.duration,
  QUEUE_METRICS.failed,
  OUTGOING_HTTP_METRICS.requests,
  OUTGOING_HTTP_METRICS.duration,
  OUTGOING_HTTP_METRICS.errors,
]);
/** The metrics of the routes, retained whatever their number of series. */
const ALWAYS_RETAINED: readonly string[] = [
  HTTP_METRICS.duration,
  HTTP_METRICS.requests,
  HTTP_METRICS.slow,
  HTTP_METRICS.inProgress,
];
const WITH_PERCENTILES: ReadonlySet<string> = new Set([HTTP_METRICS.duration]);
/** Share of the memory of the history that the metrics of the routes may take together. */
const ROUTES_SHARE = 0.5;
/** Share of the memory that the metrics of an opened view may take together. */
const OPENED_SHARE = 0.25;
/** Shortest retention, in milliseconds: what alerts and the last minutes of a chart need. */
const MIN_WINDOW_MS = 300_000;
/** Time for which the metrics of a view are retained after it was read last, in milliseconds. */
const OPEN_MS = 600_000;
/** The most metrics of opened views. */
const MAX_OPENED = 40;

interface Retained {
  readonly windowMs: number;
  readonly release: () => void;
}

/**
 * The retention of the metrics on the dashboard, new ones included, within the memory that alert rules leave. The routes
 * have a share of it, and so have the metrics of many series whose view is open: if they need more, they are retained for
 * a shorter time instead of being without some of their series.
 */
export class DashboardRetention {
  private readonly retained = new Map<string, Retained>();
  /** The metrics of the views that were read lately, and when, in milliseconds of the history. */
  private readonly opened = new Map<string, number>();
  private isStarted = false;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly history: MetricsHistory,
    private readonly registry: Pick<MetricsRegistry, 'getAllMetrics'>,
  ) {}

  start(): void {
    this.isStarted = true;
    for (const metric of ALWAYS_RETAINED) this.retain(metric);
    this.retainSmall();
    this.unsubscribe = this.history.onSample((at) => {
      this.retainSmall();
      this.releaseClosed(at);
      this.fit(ALWAYS_RETAINED, ROUTES_SHARE);
      this.fit([...this.opened.keys()], OPENED_SHARE);
    });
  }

  stop(): void {
    this.isStarted = false;
    this.unsubscribe();
    for (const { release } of this.retained.values()) release();
    this.retained.clear();
    this.opened.clear();
  }

  /** Retains the metrics of a view that is open, for some minutes. @param isInView returns true for their names */
  open(isInView: (metric: string) => boolean): void {
    if (!this.isStarted) return;
    const now = this.history.lastSample ?? 0;
    for (const { name: metric } of this.registry.getAllMetrics()) {
      if (!isInView(metric)) continue;
      const isNew = !this.retained.has(metric);
      if (!isNew && !this.opened.has(metric)) continue;
      if (isNew && this.opened.size >= MAX_OPENED) this.close([...this.opened.keys()][0]);
      this.opened.delete(metric);
      this.opened.set(metric, now);
      if (isNew) this.retain(metric);
    }
  }

  /** Returns a sentence about each metric of a view whose history is shorter than that of others, or lacks series. */
  notesOn(isInView: (metric: string) => boolean): string[] {
    return this.registry.getAllMetrics().flatMap(({ name, seriesCount }) => {
      if (!isInView(name)) return [];
      const windowMs = this.retained.get(name)?.windowMs ?? this.history.retentionMs;
      const notes: string[] = [];
      if (windowMs < this.history.retentionMs) {
        const minutes = Math.round(windowMs / 60_000);
        notes.push(
          `${name} has ${seriesCount} series and is kept for ${minutes} min; history.maxBytes sets the limit.`,
        );
      } else if (this.opened.has(name)) {
        notes.push(`${name} has ${seriesCount} series and is sampled while this page is open.`);
      }
      if (this.history.lacksSeries(name, windowMs) && this.isFull()) {
        notes.push(`The history is full: ${name} lacks some of its series. Set history.maxBytes.`);
      }
      return notes;
    });
  }

  private isFull(): boolean {
    return this.history.bytes > this.history.maxBytes * 0.9;
  }

  private retainSmall(): void {
    for (const { name, seriesCount } of this.registry.getAllMetrics()) {
      const limit = OF_DEPENDENCIES.has(name) ? MAX_SERIES_OF_DEPENDENCIES : MAX_SERIES;
      if (seriesCount <= limit) {
        if (!this.retained.has(name)) this.retain(name);
      } else if (this.retained.has(name) && !this.opened.has(name) && !ALWAYS_RETAINED.includes(name)) {
        // It has grown since.
        this.opened.set(name, this.history.lastSample ?? 0);
      }
    }
  }

  private releaseClosed(now: number): void {
    for (const [metric, at] of this.opened) {
      // The clock may have been set back.
      if (at === 0 || at > now) this.opened.set(metric, now);
      else if (now - at > OPEN_MS) this.close(metric);
    }
  }

  private close(metric: string | undefined): void {
    if (metric === undefined) return;
    this.opened.delete(metric);
    this.retained.get(metric)?.release();
    this.retained.delete(metric);
  }

  /** Halves the retention of the metrics that take most, until all of them are within their share. */
  private fit(metrics: readonly string[], share: number): void {
    const sizes = metrics.map((metric) => ({ metric, bytes: this.history.bytesOf(metric) }));
    let excess = sizes.reduce((sum, { bytes }) => sum + bytes, 0) - this.history.maxBytes * share;
    for (const { metric, bytes } of sizes.toSorted((a, b) => b.bytes - a.bytes)) {
      if (excess <= 0) return;
      const windowMs = (this.retained.get(metric)?.windowMs ?? this.history.retentionMs) / 2;
      if (windowMs < MIN_WINDOW_MS) continue;
      this.retain(metric, windowMs);
      excess -= bytes / 2;
    }
  }

  private retain(metric: string, windowMs = this.history.retentionMs): void {
    const before = this.retained.get(metric);
    const release = this.history.retain({
      metric,
      windowMs,
      bestEffort: true,
      ...(WITH_PERCENTILES.has(metric) && { percentiles: true }),
    });
    before?.release();
    this.retained.set(metric, { windowMs, release });
  }
}
