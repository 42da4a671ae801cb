import {
  group,
  optionNames,
  type OptionEntry,
  type OptionTable,
  readOptions,
} from '../../options/option-table.js';
import { type CollectorSchedule, resolveSchedule } from '../schedule.options.js';

/** Name of a runtime collector. */
export type RuntimePart =
  | 'process'
  | 'eventLoop'
  | 'gc'
  | 'heap'
  | 'activeResources'
  | 'workerThreads'
  | 'threadPool'
  | 'nodeVersion';

/** Default interval of the thread pool probe, which waits for a free thread and so must not delay a scrape. */
const THREAD_POOL_MS = 5_000;

/**
 * Options of the collectors of the process and of Node; false disables a collector. A collector without an interval
 * runs at every scrape, except `threadPool`, which runs every 5 s.
 */
export type RuntimeOptions = Partial<Readonly<Record<RuntimePart, CollectorSchedule | false>>>;

/** Schedule of each runtime collector; false if it is disabled. */
export type ResolvedRuntime = Readonly<Record<RuntimePart, CollectorSchedule | false>>;

/** Returns the entry of an option that is the schedule of a collector, or false. */
function schedule(byDefault: CollectorSchedule = {}): OptionEntry<CollectorSchedule | false> {
  return group((given: CollectorSchedule | false | undefined, option) =>
    resolveSchedule(option, given, byDefault),
  );
}

export const RUNTIME: OptionTable<RuntimeOptions, ResolvedRuntime> = {
  process: schedule(),
  eventLoop: schedule(),
  gc: schedule(),
  heap: schedule(),
  activeResources: schedule(),
  workerThreads: schedule(),
  threadPool: schedule({ intervalMs: THREAD_POOL_MS }),
  nodeVersion: schedule(),
};

/** Names of the runtime collectors. */
export const RUNTIME_PARTS: readonly RuntimePart[] = optionNames(RUNTIME);

/** @throws {MonitoringOptionsError} */
export function resolveRuntime(runtime: RuntimeOptions | false = {}): ResolvedRuntime | false {
  return runtime !== false && readOptions('collectors.runtime', runtime, RUNTIME);
}
