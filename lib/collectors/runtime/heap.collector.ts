import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';

/** A collector of the heap of V8, in total and by space. */
export class HeapCollector implements ManagedCollector {
  readonly name = 'heap';
  readonly metricNames: readonly string[];

  private readonly total: Gauge;
  private readonly used: Gauge;
  private readonly limit: Gauge;
  private readonly external: Gauge;
  private readonly spaceTotal: Gauge<'space'>;
  private readonly spaceUsed: Gauge<'space'>;
  private readonly spaceAvailable: Gauge<'space'>;

  constructor(registry: MetricsRegistry) {
    const labelNames = ['space'] as const;
    this.total = registry.gauge(NODEJS_METRICS.heapTotal, 'Total size of the V8 heap.');
    this.used = registry.gauge(NODEJS_METRICS.heapUsed, 'Used size of the V8 heap.');
    this.limit = registry.gauge(
      'nodejs_heap_size_limit_bytes',
      'Size limit of the V8 heap; the process aborts when it is exceeded.',
    );
    this.external = registry.gauge(
      NODEJS_METRICS.externalMemory,
      'Memory of C++ objects that are bound to JavaScript objects.',
    );
    this.spaceTotal = registry.gauge(NODEJS_METRICS.heapSpaceTotal, 'Total size of a heap space.', {
      labelNames,
    });
    this.spaceUsed = registry.gauge(NODEJS_METRICS.heapSpaceUsed, 'Used size of a heap space.', {
      labelNames,
    });
    this.spaceAvailable = registry.gauge(
      NODEJS_METRICS.heapSpaceAvailable,
      'Available size of a heap space.',
      { labelNames },
    );
    this.metricNames = [
      this.total,
      this.used,
      this.limit,
      this.external,
      this.spaceTotal,
      this.spaceUsed,
      this.spaceAvailable,
    ].map(({ name }) => name);
  }

  collect(): void {
    const heap = getHeapStatistics();
    this.total.set(heap.total_heap_size);
    this.used.set(heap.used_heap_size);
    this.limit.set(heap.heap_size_limit);
    this.external.set(heap.external_memory);
    for (const statistics of getHeapSpaceStatistics()) {
      const space = statistics.space_name.replace(/_space$/, '');
      this.spaceTotal.set({ space }, statistics.space_size);
      this.spaceUsed.set({ space }, statistics.space_used_size);
      this.spaceAvailable.set({ space }, statistics.space_available_size);
    }
  }
}
