import {
  count,
  interval,
  optionalPatterns,
  type OptionTable,
  readValues,
} from '../../options/option-table.js';
import { METRIC_FILTER, type MetricFilter } from './metric-filter.js';
import type { QueueLimits } from './request-queue.js';

/** Options of the requests of a push exporter, and of the queue that they wait in. */
export interface PushQueueOptions {
  /** Time limit of one request, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** Time limit of the last push at shutdown, in milliseconds. @default 5000 */
  readonly shutdownTimeoutMs?: number;
  /** Maximum number of requests in the queue while the remote fails; the oldest are dropped first. @default 1000 */
  readonly maxQueuedRequests?: number;
  /** Maximum size of the queue, approximately, in bytes. @default 16777216 */
  readonly maxQueuedBytes?: number;
}

/** Options that all push exporters have. */
export interface PushExporterOptions extends PushQueueOptions {
  /**
   * Interval between pushes, in milliseconds, aligned to the wall clock: with 60 000, at every full minute.
   * @default 60000
   */
  readonly intervalMs?: number;
  /** Names of the metrics that are sent, or regular expressions that match a part of a name. @default all metrics */
  readonly metrics?: MetricFilter;
}

/** The push options with every default filled in. */
export type ResolvedPush = Required<Omit<PushExporterOptions, 'metrics'>> &
  Pick<PushExporterOptions, 'metrics'> &
  QueueLimits;

/** The table of {@link PushExporterOptions}, which the options of each push exporter include. */
export const PUSH: OptionTable<PushExporterOptions, ResolvedPush> = {
  intervalMs: interval(60_000),
  timeoutMs: interval(10_000),
  shutdownTimeoutMs: interval(5_000),
  maxQueuedRequests: count(1_000),
  maxQueuedBytes: count(16 * 1024 * 1024),
  metrics: optionalPatterns(METRIC_FILTER),
};

/**
 * Checks the push options among those of an exporter, and applies the defaults.
 *
 * @param owner path of the options for error messages, such as `exporters.datadog`
 * @throws {MonitoringOptionsError}
 */
export function resolvePush(owner: string, options: PushExporterOptions): ResolvedPush {
  return readValues(owner, options, PUSH);
}
