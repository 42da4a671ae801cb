import { expectKeys, intervalMsOf } from '../../options/option-checks.js';
import { type CollectorSchedule, resolveSchedule } from '../schedule.options.js';

const DEFAULT_INTERVAL_MS = 10_000;
/** Shortest interval for counting processes without `/proc`, which starts a process to list them. */
const PROCESSES_WITHOUT_PROC_MS = 60_000;

/** Names of the system collectors. */
export const SYSTEM_PARTS = ['cpu', 'memory', 'fileSystems', 'network', 'diskIo', 'processes'] as const;
/** Name of a system collector. */
export type SystemPart = (typeof SYSTEM_PARTS)[number];

/** Options of the collectors of the machine or container. Each collector can have its own schedule; false disables it. */
export interface SystemCollectorOptions extends Partial<
  Readonly<Record<SystemPart, CollectorSchedule | boolean>>
> {
  /** Default interval of the collectors, in milliseconds. @default 10_000 */
  readonly intervalMs?: number;
}

/** Schedule of each system collector; false if it is disabled. */
export type ResolvedSystem = Readonly<Record<SystemPart, CollectorSchedule | false>>;

/** @throws {MonitoringOptionsError} */
export function resolveSystem(
  system: SystemCollectorOptions | false = {},
  platform: NodeJS.Platform = process.platform,
): ResolvedSystem | false {
  if (system === false) return false;
  expectKeys('collectors.system', system, ['intervalMs', ...SYSTEM_PARTS]);
  const intervalMs = intervalMsOf('collectors.system.intervalMs', system.intervalMs, DEFAULT_INTERVAL_MS);
  const part = (name: SystemPart, leastMs = 0) =>
    resolveSchedule(`collectors.system.${name}`, system[name], { intervalMs: Math.max(intervalMs, leastMs) });
  return {
    cpu: part('cpu'),
    memory: part('memory'),
    fileSystems: part('fileSystems'),
    network: part('network'),
    diskIo: part('diskIo'),
    processes: part('processes', platform === 'linux' ? 0 : PROCESSES_WITHOUT_PROC_MS),
  };
}
