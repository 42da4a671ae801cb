import type { Collector } from '../metrics/collector-set.js';

/** A collector that may hold on to something of the process while it runs. */
export interface SourceCollector extends Collector {
  readonly metricNames: readonly string[];
  start?(): void;
  stop?(): void;
}
