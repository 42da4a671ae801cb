import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { NODEJS_METRICS } from '../../metrics/metric-names.js';

/** Resource types of Node that are one libuv request: FSReqCallback, GetAddrInfoReqWrap, ConnectWrap … */
const REQUEST_TYPE = /Req|(Connect|Send|Write|Shutdown|Query)Wrap$/;

/** Resource types that Node implements in JavaScript, many of them on one libuv handle. */
const TIMER_TYPES: ReadonlySet<string> = new Set(['Timeout', 'Immediate']);

/**
 * A collector of the resources that keep the event loop alive: timers, sockets, pending requests.
 *
 * It reads `process.getActiveResourcesInfo()`, because the undocumented `process._getActiveHandles()` aborts the process
 * on Node 20 if it is called while a handle is being destroyed.
 */
export class ActiveResourcesCollector implements ManagedCollector {
  readonly name = 'active_resources';
  readonly metricNames: readonly string[];

  private readonly resources: Gauge<'type'>;
  private readonly handles: Gauge<'type'>;
  private readonly requests: Gauge<'type'>;

  constructor(registry: MetricsRegistry) {
    const byType = (name: string, help: string): Gauge<'type'> =>
      registry.gauge(name, help, { labelNames: ['type'] });
    this.resources = byType(
      NODEJS_METRICS.activeResources,
      'Number of active resources that keep the event loop alive, by type.',
    );
    this.handles = byType('nodejs_active_handles', 'Number of active libuv handles, by type.');
    this.requests = byType('nodejs_active_requests', 'Number of active libuv requests, by type.');
    this.metricNames = [this.resources.name, this.handles.name, this.requests.name];
  }

  collect(): void {
    // A type without active resources has no series.
    for (const gauge of [this.resources, this.handles, this.requests]) gauge.reset();
    for (const type of process.getActiveResourcesInfo()) {
      this.resources.inc({ type });
      if (REQUEST_TYPE.test(type)) this.requests.inc({ type });
      else if (!TIMER_TYPES.has(type)) this.handles.inc({ type });
    }
  }
}
