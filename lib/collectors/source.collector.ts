import type { Collector } from '../metrics/collector.js';

/** A collector that may hold on to something of the process while it runs. */
export interface SourceCollector extends Collector {
  readonly metricNames: readonly string[];
  /**
   * How often it runs, in milliseconds, beginning when the application has started; whoever asks for the metrics in
   * between is told what the last run found. Without it, it runs whenever somebody asks.
   */
  readonly intervalMs?: number;
  /** Called once, before the first run. */
  start?(): void;
  /** Called once, after the last run was begun. */
  stop?(): void;
}
