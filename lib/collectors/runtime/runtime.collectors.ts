import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { EventLoopMonitor } from '../../primitives/event-loop-monitor.js';
import { ActiveResourcesCollector } from './active-resources.collector.js';
import { withSchedule } from '../schedule.options.js';
import { EventLoopCollector } from './event-loop.collector.js';
import { GcCollector } from './gc.collector.js';
import { HeapCollector } from './heap.collector.js';
import { NodeVersionCollector } from './node-version.collector.js';
import { ProcessCollector } from './process.collector.js';
import { type ResolvedRuntime, RUNTIME_PARTS, type RuntimePart } from './runtime.options.js';
import type { ManagedCollector } from '../managed-collector.js';
import { ThreadPoolCollector } from './thread-pool.collector.js';
import { WorkerThreadsCollector } from './worker-threads.collector.js';

/** Returns the collectors of the `process_*` and `nodejs_*` metrics, named as dashboards for prom-client expect. */
export function runtimeCollectors(
  registry: MetricsRegistry,
  clock: Clock,
  schedules: ResolvedRuntime,
  eventLoop: EventLoopMonitor,
  convention?: Convention,
): ManagedCollector[] {
  const make: Record<RuntimePart, () => ManagedCollector> = {
    process: () => new ProcessCollector(registry),
    eventLoop: () => new EventLoopCollector(registry, eventLoop, convention),
    gc: () => new GcCollector(registry, clock, undefined, convention),
    heap: () => new HeapCollector(registry),
    activeResources: () => new ActiveResourcesCollector(registry, schedules.promClientNames),
    workerThreads: () => new WorkerThreadsCollector(registry),
    threadPool: () => new ThreadPoolCollector(registry),
    nodeVersion: () => new NodeVersionCollector(registry),
  };
  return RUNTIME_PARTS.flatMap((part) => {
    const schedule = schedules[part];
    return schedule === false ? [] : [withSchedule(make[part](), schedule)];
  });
}
