import { expectKeys } from '../../options/option-checks.js';
import { type CollectorSchedule, resolveSchedule } from '../collector-schedule.js';

/** Names of the runtime collectors. */
export const RUNTIME_PARTS = [
  'process',
  'eventLoop',
  'gc',
  'heap',
  'activeResources',
  'workerThreads',
  'threadPool',
  'nodeVersion',
] as const;
/** Name of a runtime collector. */
export type RuntimePart = (typeof RUNTIME_PARTS)[number];

/** Default interval of the thread pool probe, which waits for a free thread and so must not delay a scrape. */
const THREAD_POOL_MS = 5_000;

/**
 * Options of the collectors of the process and of Node; false disables a collector. A collector without an interval
 * runs at every scrape, except `threadPool`, which runs every 5 s.
 */
export type RuntimeOptions = Partial<Readonly<Record<RuntimePart, CollectorSchedule | false>>>;

/** Schedule of each runtime collector; false if it is disabled. */
export type ResolvedRuntime = Readonly<Record<RuntimePart, CollectorSchedule | false>>;

/** @throws {MonitoringOptionsError} */
export function resolveRuntime(runtime: RuntimeOptions | false = {}): ResolvedRuntime | false {
  if (runtime === false) return false;
  expectKeys('collectors.runtime', runtime, RUNTIME_PARTS);
  const schedules = RUNTIME_PARTS.map((part) => {
    const byDefault = part === 'threadPool' ? { intervalMs: THREAD_POOL_MS } : {};
    return [part, resolveSchedule(`collectors.runtime.${part}`, runtime[part], byDefault)];
  });
  return Object.fromEntries(schedules) as ResolvedRuntime;
}
