import { expectKeys, intervalMsOf } from '../options/option-checks.js';
import type { SourceCollector } from './source.collector.js';

/** How often one of the collectors runs, and how long it may take. */
export interface CollectorPace {
  /** How often it runs, in milliseconds. @default as said where it is */
  readonly intervalMs?: number;
  /** How long a run may take, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

/** @throws {MonitoringOptionsError} */
export function resolvePace(
  option: string,
  pace: CollectorPace | false | undefined,
  byDefault: CollectorPace,
): CollectorPace | false {
  if (pace === false) return false;
  const given = pace ?? {};
  expectKeys(option, given, ['intervalMs', 'timeoutMs']);
  const { intervalMs = byDefault.intervalMs, timeoutMs } = given;
  return {
    ...(intervalMs !== undefined && { intervalMs: intervalMsOf(`${option}.intervalMs`, intervalMs, 0) }),
    ...(timeoutMs !== undefined && { timeoutMs: intervalMsOf(`${option}.timeoutMs`, timeoutMs, 0) }),
  };
}

/** Gives a collector its pace. */
export function paced(collector: SourceCollector, pace: CollectorPace): SourceCollector {
  return Object.assign(collector, pace);
}
