import { expectKeys, countOf, intervalMsOf } from '../options/option-checks.js';

/** What is remembered of the metrics, for rules, thresholds and the dashboard. */
export interface HistoryOptions {
  /** How often the metrics are read, in milliseconds. @default alerting.intervalMs */
  readonly intervalMs?: number;
  /** How far back it goes for those who do not say how far they need it, in milliseconds. @default 3_600_000 */
  readonly durationMs?: number;
  /** How much memory the samples may take, in bytes; what does not fit is not kept, and counted. @default 33_554_432 */
  readonly maxBytes?: number;
}

/** How metrics are remembered, with every default filled in. */
export type ResolvedHistory = Required<HistoryOptions>;

/**
 * @param byDefaultMs the interval, unless one is given
 * @throws {MonitoringOptionsError}
 */
export function resolveHistory(history: HistoryOptions = {}, byDefaultMs = 15_000): ResolvedHistory {
  expectKeys('history', history, ['intervalMs', 'durationMs', 'maxBytes']);
  return {
    intervalMs: intervalMsOf('history.intervalMs', history.intervalMs, byDefaultMs),
    durationMs: intervalMsOf('history.durationMs', history.durationMs, 3_600_000),
    maxBytes: countOf('history.maxBytes', history.maxBytes, 32 * 1024 * 1024),
  };
}
