import type { Collector } from '../metrics/collector.js';

/** A collector that the application starts, schedules and stops. */
export interface ManagedCollector extends Collector {
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
