import {
  count,
  duration,
  flag,
  interval,
  type OptionTable,
  readOptions,
} from '../../options/option-table.js';

/** Options of the search for memory that grows. */
export interface MemoryOptions {
  /**
   * True to name the functions that allocated the memory that grows, by V8's sampling heap profiler. It collects garbage at
   * times, which takes at most 0.2 % of the time. @default false
   */
  readonly allocationSites?: boolean;
  /** Time after the start during which memory may grow, in milliseconds. @default 120_000 */
  readonly warmUpMs?: number;
  /** Length of a window, of which the lowest memory after garbage collection counts, in milliseconds. @default 30_000 */
  readonly windowMs?: number;
  /** Growth within twenty windows from which a leak is suspected, in bytes. @default 6_291_456 */
  readonly minGrowthBytes?: number;
}

export type ResolvedMemory = Required<MemoryOptions>;

export const MEMORY: OptionTable<MemoryOptions> = {
  allocationSites: flag(false),
  warmUpMs: duration(120_000),
  windowMs: interval(30_000),
  minGrowthBytes: count(6 * 1024 * 1024),
};

/**
 * Checks the options and fills in every default.
 *
 * @throws {MonitoringOptionsError} for invalid options
 */
export function resolveMemory(memory: MemoryOptions | false = {}): ResolvedMemory | false {
  return memory === false ? false : readOptions('diagnostics.memory', memory, MEMORY);
}
