import { countOf, intervalMsOf } from '../../options/option-checks.js';
import { checkMetricFilter, type MetricFilter } from './metric-filter.js';
import type { QueueLimits } from './request-queue.js';

/** Options that all push exporters have. */
export interface PushExporterOptions {
  /**
   * Interval between pushes, in milliseconds, aligned to the wall clock: with 60 000, at every full minute.
   * @default 60000
   */
  readonly intervalMs?: number;
  /** Time limit of one request, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** Time limit of the last push at shutdown, in milliseconds. @default 5000 */
  readonly shutdownTimeoutMs?: number;
  /** Maximum number of requests in the queue while the remote fails; the oldest are dropped first. @default 1000 */
  readonly maxQueueRequests?: number;
  /** Maximum size of the queue, approximately, in bytes. @default 16777216, which is 16 MiB */
  readonly maxQueueBytes?: number;
  /** Filter for the metrics that are sent, by name or regular expression. @default all metrics */
  readonly metrics?: MetricFilter;
}

/** The push options with all defaults applied. */
export type ResolvedPush = Required<Omit<PushExporterOptions, 'metrics'>> &
  Pick<PushExporterOptions, 'metrics'> &
  QueueLimits;

/** The keys of {@link PushExporterOptions}, which the options of each push exporter include. */
export const PUSH_OPTION_NAMES = [
  'intervalMs',
  'timeoutMs',
  'shutdownTimeoutMs',
  'maxQueueRequests',
  'maxQueueBytes',
  'metrics',
] as const satisfies readonly (keyof PushExporterOptions)[];

/**
 * Checks the push options and applies the defaults.
 *
 * @param owner path of the options for error messages, such as `exporters.datadog`
 * @throws {MonitoringOptionsError}
 */
export function resolvePush(owner: string, options: PushExporterOptions): ResolvedPush {
  const { metrics } = options;
  checkMetricFilter(`${owner}.metrics`, metrics);
  return {
    intervalMs: intervalMsOf(`${owner}.intervalMs`, options.intervalMs, 60_000),
    timeoutMs: intervalMsOf(`${owner}.timeoutMs`, options.timeoutMs, 10_000),
    shutdownTimeoutMs: intervalMsOf(`${owner}.shutdownTimeoutMs`, options.shutdownTimeoutMs, 5_000),
    maxQueueRequests: countOf(`${owner}.maxQueueRequests`, options.maxQueueRequests, 1_000),
    maxQueueBytes: countOf(`${owner}.maxQueueBytes`, options.maxQueueBytes, 16 * 1024 * 1024),
    ...(metrics !== undefined && { metrics }),
  };
}
