import {
  count,
  interval,
  OPTIONAL_INTERVAL,
  type OptionTable,
  readOptions,
} from '../options/option-table.js';

/** Options of the metrics history, which alert rules, thresholds and the dashboard read. */
export interface HistoryOptions {
  /** Interval between two samples, in milliseconds. @default alerting.intervalMs */
  readonly intervalMs?: number;
  /** Retention of metrics that nothing asks for with a window of its own, in milliseconds. @default 3_600_000 */
  readonly retentionMs?: number;
  /** Memory limit of all samples, in bytes. Samples beyond it are dropped and counted. @default 33_554_432 */
  readonly maxBytes?: number;
}

/** The options of the history with every default filled in. */
export type ResolvedHistory = Required<HistoryOptions>;

export const HISTORY: OptionTable<HistoryOptions, Omit<ResolvedHistory, 'intervalMs'> & HistoryOptions> = {
  intervalMs: OPTIONAL_INTERVAL,
  retentionMs: interval(3_600_000),
  maxBytes: count(32 * 1024 * 1024),
};

/**
 * Checks the options of the history and fills in the defaults.
 *
 * @param defaultIntervalMs interval if none is given, in milliseconds
 * @throws {MonitoringOptionsError}
 */
export function resolveHistory(history: HistoryOptions = {}, defaultIntervalMs = 15_000): ResolvedHistory {
  return { intervalMs: defaultIntervalMs, ...readOptions('history', history, HISTORY) };
}
