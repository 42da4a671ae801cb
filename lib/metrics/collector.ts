/** A component that updates its metrics whenever the metrics are collected. */
export interface Collector {
  /** Name of the collector: the label value of `monitoring_collector_success{collector}`. */
  readonly name: string;
  /** Names of the metrics that it updates. While it fails, its gauges are left out instead of being outdated. */
  readonly metricNames?: readonly string[];
  /**
   * Time limit of one collection, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
  /** @internal Duration of the last run in seconds, if that was not a call of {@link collect}. */
  readonly lastRunSeconds?: number | undefined;
  /** @internal True if the last run left the work to another process. Its gauges are left out, without a failure. */
  readonly standsBy?: boolean;
  /** @internal True if the last run found nothing to measure. It is not reported. */
  readonly isIdle?: boolean;
  /** Updates the metrics. The signal is aborted when the time limit is over. */
  collect(signal: AbortSignal): void | Promise<void>;
}

/** The result of one run of a collector. */
export interface CollectorResult {
  readonly collector: Collector;
  readonly seconds: number;
  /** Error that it threw or rejected with, or a timeout; undefined for a success. */
  readonly error?: unknown;
}
