import { countOf, intervalMsOf } from '../../options/option-checks.js';
import { checkMetricChoice, type MetricChoice } from './metric-choice.js';
import type { QueueLimits } from './request-queue.js';

/** What every exporter that pushes can be told. */
export interface PushExporterOptions {
  /**
   * How often the metrics are looked at and sent, in milliseconds, in step with the clock on the wall: with 60 000,
   * at every full minute.
   * @default 60000
   */
  readonly intervalMs?: number;
  /** How long one request may take, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** How long the last push may take when the application ends, in milliseconds. @default 5000 */
  readonly shutdownTimeoutMs?: number;
  /** How many requests may wait while the remote fails; beyond it the oldest are dropped. @default 1000 */
  readonly maxQueueRequests?: number;
  /** How many bytes may wait, about. @default 16777216, which is 16 MiB */
  readonly maxQueueBytes?: number;
  /** Only these metrics, by name or regular expression. @default all */
  readonly metrics?: MetricChoice;
}

/** The options of pushing, with every default filled in. */
export type ResolvedPush = Required<Omit<PushExporterOptions, 'metrics'>> &
  Pick<PushExporterOptions, 'metrics'> &
  QueueLimits;

/** The keys of {@link PushExporterOptions}, for the options of exporters that have them too. */
export const PUSH_OPTION_NAMES = [
  'intervalMs',
  'timeoutMs',
  'shutdownTimeoutMs',
  'maxQueueRequests',
  'maxQueueBytes',
  'metrics',
] as const satisfies readonly (keyof PushExporterOptions)[];

/**
 * @param owner whose options they are, for the messages: `exporters.datadog`
 * @throws {MonitoringOptionsError}
 */
export function resolvePush(owner: string, options: PushExporterOptions): ResolvedPush {
  const { metrics } = options;
  checkMetricChoice(`${owner}.metrics`, metrics);
  return {
    intervalMs: intervalMsOf(`${owner}.intervalMs`, options.intervalMs, 60_000),
    timeoutMs: intervalMsOf(`${owner}.timeoutMs`, options.timeoutMs, 10_000),
    shutdownTimeoutMs: intervalMsOf(`${owner}.shutdownTimeoutMs`, options.shutdownTimeoutMs, 5_000),
    maxQueueRequests: countOf(`${owner}.maxQueueRequests`, options.maxQueueRequests, 1_000),
    maxQueueBytes: countOf(`${owner}.maxQueueBytes`, options.maxQueueBytes, 16 * 1024 * 1024),
    ...(metrics !== undefined && { metrics }),
  };
}
