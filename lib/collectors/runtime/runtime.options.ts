import { expectKeys } from '../../options/option-checks.js';
import { type CollectorPace, resolvePace } from '../collector-pace.js';

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
export type RuntimePart = (typeof RUNTIME_PARTS)[number];

/** The probe of the thread pool has to run on a beat: it waits for its turn there. */
const THREAD_POOL_MS = 5_000;

/**
 * What is measured of the process and of Node; each part may be false, or have an interval. Without one it is read
 * whenever the metrics are asked for, but `threadPool`, which is probed every 5 s.
 */
export type RuntimeOptions = Partial<Readonly<Record<RuntimePart, CollectorPace | false>>>;

/** The pace of each part that is wanted. */
export type ResolvedRuntime = Readonly<Record<RuntimePart, CollectorPace | false>>;

/** @throws {MonitoringOptionsError} */
export function resolveRuntime(runtime: RuntimeOptions | false = {}): ResolvedRuntime | false {
  if (runtime === false) return false;
  expectKeys('collectors.runtime', runtime, RUNTIME_PARTS);
  const paces = RUNTIME_PARTS.map((part) => {
    const byDefault = part === 'threadPool' ? { intervalMs: THREAD_POOL_MS } : {};
    return [part, resolvePace(`collectors.runtime.${part}`, runtime[part], byDefault)];
  });
  return Object.fromEntries(paces) as ResolvedRuntime;
}
