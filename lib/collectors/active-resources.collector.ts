import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { SourceCollector } from './source.collector.js';

interface UndocumentedProcess {
  readonly _getActiveHandles?: () => readonly object[];
  readonly _getActiveRequests?: () => readonly object[];
}

/** What keeps the event loop alive: timers, sockets, requests under way. */
export class ActiveResourcesCollector implements SourceCollector {
  readonly name = 'active_resources';
  readonly metricNames: readonly string[];

  private readonly resources: Gauge<'type'>;
  private readonly listed: readonly {
    readonly gauge: Gauge<'type'>;
    readonly list: () => readonly object[];
  }[];

  constructor(registry: MetricsRegistry) {
    this.resources = registry.gauge(
      'nodejs_active_resources',
      'Number of active resources that keep the event loop alive, by type.',
      { labelNames: ['type'] },
    );
    // Without documentation, but as old as Node; one that goes without them goes without these metrics.
    const { _getActiveHandles: handles, _getActiveRequests: requests } = process as UndocumentedProcess;
    this.listed = [
      { name: 'nodejs_active_handles', of: 'libuv handles', list: handles },
      { name: 'nodejs_active_requests', of: 'libuv requests', list: requests },
    ].flatMap(({ name, of, list }) => {
      if (typeof list !== 'function') return [];
      const gauge = registry.gauge(name, `Number of active ${of}, by type.`, { labelNames: ['type'] });
      return [{ gauge, list: list.bind(process) }];
    });
    this.metricNames = [this.resources.name, ...this.listed.map(({ gauge }) => gauge.name)];
  }

  collect(): void {
    // A type of which there is none any more has no series.
    this.resources.reset();
    for (const type of process.getActiveResourcesInfo()) this.resources.inc({ type });
    for (const { gauge, list } of this.listed) {
      gauge.reset();
      for (const { constructor } of list()) gauge.inc({ type: constructor?.name ?? 'unknown' });
    }
  }
}
