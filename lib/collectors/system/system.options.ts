import { expectKeys, intervalMsOf } from '../../options/option-checks.js';
import { type CollectorPace, resolvePace } from '../collector-pace.js';

const DEFAULT_INTERVAL_MS = 10_000;
/** Without `/proc`, counting processes means to start one that lists them. */
const PROCESSES_WITHOUT_PROC_MS = 60_000;

export const SYSTEM_PARTS = ['cpu', 'memory', 'fileSystems', 'network', 'diskIo', 'processes'] as const;
export type SystemPart = (typeof SYSTEM_PARTS)[number];

/** What is measured of the machine or the container; each part may be false, or have a pace of its own. */
export interface SystemOptions extends Partial<Readonly<Record<SystemPart, CollectorPace | false>>> {
  /** How often it is read, in milliseconds. @default 10000 */
  readonly intervalMs?: number;
}

/** The pace of each part that is wanted. */
export type ResolvedSystem = Readonly<Record<SystemPart, CollectorPace | false>>;

/** @throws {MonitoringOptionsError} */
export function resolveSystem(
  system: SystemOptions | false = {},
  platform: NodeJS.Platform = process.platform,
): ResolvedSystem | false {
  if (system === false) return false;
  expectKeys('collectors.system', system, ['intervalMs', ...SYSTEM_PARTS]);
  const intervalMs = intervalMsOf('collectors.system.intervalMs', system.intervalMs, DEFAULT_INTERVAL_MS);
  const part = (name: SystemPart, leastMs = 0) =>
    resolvePace(`collectors.system.${name}`, system[name], { intervalMs: Math.max(intervalMs, leastMs) });
  return {
    cpu: part('cpu'),
    memory: part('memory'),
    fileSystems: part('fileSystems'),
    network: part('network'),
    diskIo: part('diskIo'),
    processes: part('processes', platform === 'linux' ? 0 : PROCESSES_WITHOUT_PROC_MS),
  };
}
