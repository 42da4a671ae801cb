import { expectSwitch, switchedOptions } from '../options/option-checks.js';
import { OPTIONAL_INTERVAL, type OptionTable, readOptions } from '../options/option-table.js';
import type { ManagedCollector } from './managed-collector.js';

/** Interval and time limit of one collector. */
export interface CollectorSchedule {
  /** Interval between two runs, in milliseconds. @default the interval of the group of collectors, if it has one */
  readonly intervalMs?: number;
  /** Time limit of one run, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

export const SCHEDULE: OptionTable<CollectorSchedule, CollectorSchedule> = {
  intervalMs: OPTIONAL_INTERVAL,
  timeoutMs: OPTIONAL_INTERVAL,
};

/**
 * Checks the schedule of a collector and fills in the defaults of its group.
 *
 * @returns false if the collector is turned off
 * @throws {MonitoringOptionsError}
 */
export function resolveSchedule(
  option: string,
  schedule: CollectorSchedule | boolean | undefined,
  byDefault: CollectorSchedule = {},
): CollectorSchedule | false {
  expectSwitch(option, schedule);
  if (schedule === false) return false;
  return {
    ...byDefault,
    ...readOptions(option, switchedOptions<CollectorSchedule>(schedule ?? {}), SCHEDULE),
  };
}

/** Sets the schedule of a collector and returns the collector. */
export function withSchedule(collector: ManagedCollector, schedule: CollectorSchedule): ManagedCollector {
  return Object.assign(collector, schedule);
}
