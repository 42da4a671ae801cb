import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { ACTIVE_TOTALS, NODEJS_METRICS } from '../../metrics/metric-names.js';

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
  /** The sums over all types; empty without them. */
  private readonly totals: readonly (readonly [total: Gauge, byType: Gauge<'type'>])[];

  /** @param promClientNames true for the sums that prom-client has */
  constructor(registry: MetricsRegistry, promClientNames = false) {
    const byType = (name: string, help: string): Gauge<'type'> =>
      registry.gauge(name, help, { labelNames: ['type'] });
    this.resources = byType(
      NODEJS_METRICS.activeResources,
      'Number of active resources that keep the event loop alive, by type.',
    );
    this.handles = byType('nodejs_active_handles', 'Number of active libuv handles, by type.');
    this.requests = byType('nodejs_active_requests', 'Number of active libuv requests, by type.');
    const total = (name: string, help: string): Gauge => registry.gauge(name, help);
    this.totals = promClientNames
      ? [
          [total(ACTIVE_TOTALS.resources, 'Number of active resources.'), this.resources],
          [total(ACTIVE_TOTALS.handles, 'Number of active libuv handles.'), this.handles],
          [total(ACTIVE_TOTALS.requests, 'Number of active libuv requests.'), this.requests],
        ]
      : [];
    const all = [this.resources, this.handles, this.requests, ...this.totals.map(([gauge]) => gauge)];
    this.metricNames = all.map(({ name }) => name);
  }

  collect(): void {
    // A type without active resources has no series.
    for (const gauge of [this.resources, this.handles, this.requests]) gauge.reset();
    for (const type of process.getActiveResourcesInfo()) {
      this.resources.inc({ type });
      if (REQUEST_TYPE.test(type)) this.requests.inc({ type });
      else if (!TIMER_TYPES.has(type)) this.handles.inc({ type });
    }
    for (const [total, byType] of this.totals) {
      total.set([...byType.snapshot().series].reduce((sum, { value }) => sum + value, 0));
    }
  }
}
