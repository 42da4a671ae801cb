import { describe, expect, it } from '@jest/globals';
import { PerformanceMonitor } from '../../lib/alerting/performance.monitor.js';
import { ApplicationDashboard, type DashboardParts } from '../../lib/dashboard/application-dashboard.js';
import { resolveDashboard } from '../../lib/dashboard/dashboard.options.js';
import { EventLoopBlocks } from '../../lib/diagnostics/blocked-loop/event-loop-blocks.js';
import { LastExit } from '../../lib/diagnostics/flight-recorder/last-exit.js';
import { HealthMonitor } from '../../lib/health/health.monitor.js';
import { RequestRecords } from '../../lib/instrumentation/requests/request-records.js';
import { conventionOfAll } from '../../lib/metrics/conventions/conventions.js';
import { Vitals } from '../../lib/query/vitals.js';
import { testAlerting } from '../alerting/support.js';

/** The dashboard of an application of which only what is in its overview is there. */
function application(own: Partial<DashboardParts> = {}) {
  const { registry, history, clock, alerting, step } = testAlerting();
  const health = new HealthMonitor({ clock, cacheMs: 0 });
  let checks = 0;
  health.addCheck({
    name: 'stock',
    cacheMs: 0,
    check: () => {
      checks++;
      return { status: 'healthy', message: 'ok' };
    },
  });
  const vitals = new Vitals(history);
  const parts = {
    registry,
    history,
    alerting,
    performance: new PerformanceMonitor(alerting, vitals),
    vitals,
    health,
    records: new RequestRecords(),
    blocks: new EventLoopBlocks(),
    lastExit: new LastExit(),
    modules: new Map(),
    clock,
    conventions: conventionOfAll('prometheus'),
    service: 'shop',
    version: '1.4.2',
    fleet: undefined,
    hasAuth: false,
    ...own,
  } as unknown as DashboardParts;
  return { dashboard: new ApplicationDashboard(parts), registry, step, checks: () => checks };
}

const FLEET: NonNullable<DashboardParts['fleet']> = {
  options: resolveDashboard({ prometheus: { url: 'http://127.0.0.1:9/' } }).prometheus!,
  service: undefined,
  kindOf: () => undefined,
  now: () => 0,
};

describe('the dashboard of an application', () => {
  it('is below its path, each endpoint once, and shows nothing of the application without credentials', () => {
    const endpoints = application().dashboard.endpoints('ops/panel', true);
    const names = endpoints.map(({ method = 'GET', path }) => `${method} ${path}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^(GET|POST) ops\/panel(\/|$)/.test(name))).toEqual([]);
    expect(endpoints.every(({ overridable }) => overridable)).toBe(true);
    const api = endpoints.filter(({ path }) => path.startsWith('ops/panel/api/'));
    expect(api.length).toBeGreaterThan(20);
    expect(api.filter(({ restricted }) => !restricted)).toEqual([]);
  });

  it('has an overview with the name, the version and the start of the application', async () => {
    const { dashboard, step, checks } = application();
    dashboard.lifecycle.start();
    await step();
    const overview = await dashboard.feed.current();
    expect(overview).toMatchObject({ service: 'shop', status: 'healthy', hasFleet: false });
    expect(overview.events.map(({ text }) => text)).toEqual(['Started, version 1.4.2']);
    expect(overview.verdict?.text).toMatch(/^Waiting for the first requests/);
    expect(Object.keys(overview.health.checks)).toContain('stock');
    expect(checks()).toBeGreaterThan(0);
    dashboard.lifecycle.stop();
  });

  it('reads nothing any more once it has stopped, however often', async () => {
    const { dashboard, step, checks } = application();
    dashboard.lifecycle.start();
    await step();
    dashboard.lifecycle.stop();
    dashboard.lifecycle.stop();
    // What was being read is read to its end.
    await dashboard.feed.current();
    const before = checks();
    expect(before).toBeGreaterThan(0);
    for (let i = 0; i < 3; i++) await step();
    expect(checks()).toBe(before);
  });

  it('may be stopped before it has started', () => {
    expect(() => application().dashboard.lifecycle.stop()).not.toThrow();
  });

  it('has metrics of a Prometheus only where there is one', async () => {
    const without = application();
    expect(without.registry.getMetric('monitoring_prometheus_queries_total')).toBeUndefined();
    const { dashboard, registry } = application({ fleet: FLEET });
    expect(registry.getMetric('monitoring_prometheus_queries_total')).toBeDefined();
    expect((await dashboard.feed.current()).hasFleet).toBe(true);
  });
});
