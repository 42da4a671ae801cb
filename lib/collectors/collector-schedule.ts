import { expectKeys, intervalMsOf } from '../options/option-checks.js';
import type { ManagedCollector } from './managed-collector.js';

/** Interval and time limit of one collector. */
export interface CollectorSchedule {
  /** Interval between two runs, in milliseconds. @default the interval of the group of collectors, if it has one */
  readonly intervalMs?: number;
  /** Time limit of one run, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

/** @throws {MonitoringOptionsError} */
export function resolveSchedule(
  option: string,
  schedule: CollectorSchedule | false | undefined,
  byDefault: CollectorSchedule,
): CollectorSchedule | false {
  if (schedule === false) return false;
  const given = schedule ?? {};
  expectKeys(option, given, ['intervalMs', 'timeoutMs']);
  const { intervalMs = byDefault.intervalMs, timeoutMs } = given;
  return {
    ...(intervalMs !== undefined && { intervalMs: intervalMsOf(`${option}.intervalMs`, intervalMs, 0) }),
    ...(timeoutMs !== undefined && { timeoutMs: intervalMsOf(`${option}.timeoutMs`, timeoutMs, 0) }),
  };
}

/** Sets the schedule of a collector and returns the collector. */
export function withSchedule(collector: ManagedCollector, schedule: CollectorSchedule): ManagedCollector {
  return Object.assign(collector, schedule);
}
