import type { Clock } from '../metrics/clock.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import { ActiveResourcesCollector } from './active-resources.collector.js';
import { EventLoopCollector } from './event-loop.collector.js';
import { GcCollector } from './gc.collector.js';
import { HeapCollector } from './heap.collector.js';
import { NodeVersionCollector } from './node-version.collector.js';
import { ProcessCollector } from './process.collector.js';
import type { SourceCollector } from './source.collector.js';

/** The `process_*` and `nodejs_*` metrics, under the names that dashboards for prom-client query. */
export function runtimeCollectors(registry: MetricsRegistry, clock: Clock): SourceCollector[] {
  return [
    new ProcessCollector(registry),
    new EventLoopCollector(registry, clock),
    new GcCollector(registry),
    new HeapCollector(registry),
    new ActiveResourcesCollector(registry),
    new NodeVersionCollector(registry),
  ];
}
