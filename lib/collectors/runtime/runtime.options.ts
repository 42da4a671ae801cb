import {
  flag,
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
export interface RuntimeCollectorOptions extends Partial<
  Readonly<Record<RuntimePart, CollectorSchedule | boolean>>
> {
  /**
   * Adds `nodejs_active_handles_total`, `nodejs_active_requests_total` and `nodejs_active_resources_total`, which
   * dashboards for prom-client query. They are gauges, whose names `promtool check metrics` refuses.
   * @default false
   */
  readonly promClientNames?: boolean;
}

/** Schedule of each runtime collector; false if it is disabled. */
export interface ResolvedRuntime extends Readonly<Record<RuntimePart, CollectorSchedule | false>> {
  readonly promClientNames: boolean;
}

/** Returns the entry of an option that is the schedule of a collector, or false. */
function schedule(byDefault: CollectorSchedule = {}): OptionEntry<CollectorSchedule | false> {
  return group((given: CollectorSchedule | boolean | undefined, option) =>
    resolveSchedule(option, given, byDefault),
  );
}

const PARTS: OptionTable<Pick<RuntimeCollectorOptions, RuntimePart>, Pick<ResolvedRuntime, RuntimePart>> = {
  process: schedule(),
  eventLoop: schedule(),
  gc: schedule(),
  heap: schedule(),
  activeResources: schedule(),
  workerThreads: schedule(),
  threadPool: schedule({ intervalMs: THREAD_POOL_MS }),
  nodeVersion: schedule(),
};

export const RUNTIME: OptionTable<RuntimeCollectorOptions, ResolvedRuntime> = {
  ...PARTS,
  promClientNames: flag(false),
};

/** Names of the runtime collectors. */
export const RUNTIME_PARTS: readonly RuntimePart[] = optionNames(PARTS);

/** @throws {MonitoringOptionsError} */
export function resolveRuntime(runtime: RuntimeCollectorOptions | false = {}): ResolvedRuntime | false {
  return runtime !== false && readOptions('collectors.runtime', runtime, RUNTIME);
}
