import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { SourceCollector } from './source.collector.js';

/** What keeps the event loop alive: timers, sockets, requests under way. */
export class ActiveResourcesCollector implements SourceCollector {
  readonly name = 'active_resources';
  readonly metricNames = ['nodejs_active_resources'];

  private readonly resources: Gauge<'type'>;

  constructor(registry: MetricsRegistry) {
    this.resources = registry.gauge(
      'nodejs_active_resources',
      'Number of active resources that keep the event loop alive, by type.',
      { labelNames: ['type'] },
    );
  }

  collect(): void {
    // A type of which there is none any more has no series.
    this.resources.reset();
    for (const type of process.getActiveResourcesInfo()) this.resources.inc({ type });
  }
}
