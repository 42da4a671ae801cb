/** Something whose numbers are read when somebody asks for the metrics. */
export interface Collector {
  /** What it is called in `monitoring_collector_success{collector}`. */
  readonly name: string;
  /** The metrics it owns. While it fails, its gauges are left out rather than shown as they were. */
  readonly metricNames?: readonly string[];
  /**
   * How long it may take, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
  /** @internal How long the run took whose numbers it shows, where that is not a call of {@link collect}. */
  readonly lastRunSeconds?: number | undefined;
  /**
   * @internal Whether its last run left the work to another process: its gauges are left out, though it has not
   * failed.
   */
  readonly standsBy?: boolean;
  /** @internal Whether its last run found nothing to measure: then nothing is said of how it went. */
  readonly isIdle?: boolean;
  /** Brings its metrics up to date. The signal is aborted when its time is over. */
  collect(signal: AbortSignal): void | Promise<void>;
}

/** How one run of one collector went. */
export interface CollectorResult {
  readonly collector: Collector;
  readonly seconds: number;
  /** What it threw or rejected with, or that it took too long; undefined if all went well. */
  readonly error?: unknown;
}
