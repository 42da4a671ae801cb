import type { Collector } from '../metrics/collector.js';

/** A collector that can hold resources of the process, and can run on a schedule. */
export interface SourceCollector extends Collector {
  readonly metricNames: readonly string[];
  /**
   * Interval between two runs, in milliseconds, from the start of the application on. Between them, a scrape shows
   * the result of the last run.
   * @default runs at every scrape
   */
  readonly intervalMs?: number;
  /** Acquires resources. Called once, before the first run. */
  start?(): void;
  /** Releases resources. Called once, after which no run begins. */
  stop?(): void;
}
