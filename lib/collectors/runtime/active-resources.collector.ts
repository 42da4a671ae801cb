import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';

/** Kinds of Node that stand for one operation of libuv: FSReqCallback, GetAddrInfoReqWrap, ConnectWrap … */
const REQUEST = /Req|(Connect|Send|Write|Shutdown|Query)Wrap$/;

/** Kinds that Node makes in JavaScript: many of them share one handle of libuv. */
const TIMERS: ReadonlySet<string> = new Set(['Timeout', 'Immediate']);

/**
 * What keeps the event loop alive: timers, sockets, requests under way.
 *
 * All of it comes from `process.getActiveResourcesInfo()`. The undocumented `process._getActiveHandles()`, which
 * others read for the same figures, aborts the process on Node 20 if it is called while a handle is being destroyed.
 */
export class ActiveResourcesCollector implements SourceCollector {
  readonly name = 'active_resources';
  readonly metricNames: readonly string[];

  private readonly resources: Gauge<'type'>;
  private readonly handles: Gauge<'type'>;
  private readonly requests: Gauge<'type'>;

  constructor(registry: MetricsRegistry) {
    const byType = (name: string, help: string): Gauge<'type'> =>
      registry.gauge(name, help, { labelNames: ['type'] });
    this.resources = byType(
      'nodejs_active_resources',
      'Number of active resources that keep the event loop alive, by type.',
    );
    this.handles = byType('nodejs_active_handles', 'Number of active libuv handles, by type.');
    this.requests = byType('nodejs_active_requests', 'Number of active libuv requests, by type.');
    this.metricNames = [this.resources.name, this.handles.name, this.requests.name];
  }

  collect(): void {
    // A type of which there is none any more has no series.
    for (const gauge of [this.resources, this.handles, this.requests]) gauge.reset();
    for (const type of process.getActiveResourcesInfo()) {
      this.resources.inc({ type });
      if (REQUEST.test(type)) this.requests.inc({ type });
      else if (!TIMERS.has(type)) this.handles.inc({ type });
    }
  }
}
