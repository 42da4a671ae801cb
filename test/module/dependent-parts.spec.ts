import { describe, expect, it } from '@jest/globals';
import {
  AlertingMonitor,
  HealthMonitor,
  MetricsHistory,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  MonitoringOptionsError,
  PerformanceMonitor,
  Vitals,
} from 'nestjs-monitoring';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import { ADAPTERS, createApp } from '../e2e/fixture/start-app.js';

const RULE = {
  name: 'busy',
  condition: { metric: 'http_requests_in_progress', operator: '>', threshold: 5 },
  severity: 'warning',
  message: 'Busy.',
} as const;

describe('a part that needs another one', () => {
  it.each<[MonitoringOptions, string]>([
    [
      { history: false, alerting: { rules: [RULE] } },
      '`alerting` needs `history`, which is false; got an object',
    ],
    [{ history: false, alerting: true }, '`alerting` needs `history`, which is false; got true'],
    [
      { history: false, collectors: { api: {} } },
      '`collectors.api` needs `history`, which is false; got an object',
    ],
    [
      { history: false, endpoints: { dashboard: 'live' } },
      '`endpoints.dashboard` needs `history`, which is false; got the string "live"',
    ],
    [
      { history: false, endpoints: { alerts: 'rules' } },
      '`endpoints.alerts` needs `history`, which is false; got the string "rules"',
    ],
    [
      { alerting: false, endpoints: { alerts: 'rules' } },
      '`endpoints.alerts` needs `alerting`, which is false; got the string "rules"',
    ],
    [
      { alerting: false, health: { alerts: true } },
      '`health.alerts` needs `alerting`, which is false; got true',
    ],
    [
      { history: false, health: { alerts: {} } },
      '`health.alerts` needs `history`, which is false; got an object',
    ],
    [
      { alerting: false, diagnostics: { flightRecorder: { file: 'last-minute', alert: true } } },
      '`diagnostics.flightRecorder.alert` needs `alerting`, which is false; got true',
    ],
    [
      { health: false, endpoints: { readiness: 'ready' } },
      '`endpoints.readiness` needs `health`, which is false; got the string "ready"',
    ],
    [
      { history: false, dashboard: { prometheus: { url: 'http://127.0.0.1:9090' } } },
      '`dashboard.prometheus` needs `history`, which is false; got an object',
    ],
    [
      { dashboard: false, endpoints: { dashboard: 'live' } },
      '`endpoints.dashboard` needs `dashboard`, which is false; got the string "live"',
    ],
  ])('cannot be asked for without it: %j', (options, message) => {
    expect(() => resolveOptions(options)).toThrow(
      new MonitoringOptionsError(`${message}. Remove one of the two options.`),
    );
  });

  it.each<MonitoringOptions>([
    { history: false, alerting: false, thresholds: { cpu_percent: 90 }, endpoints: { dashboard: false } },
    { alerting: false, thresholds: false, health: { alerts: false } },
    { health: false, endpoints: { health: false, controllers: true } },
    { history: false, collectors: false, health: true },
  ])('contradicts nothing where it is off, too: %j', (options) => {
    expect(() => resolveOptions(options)).not.toThrow();
  });

  it('is on by true, which is the same as no options', () => {
    const parts =
      'endpoints http outgoingHttp requests errors diagnostics logs jobs rpc webSocket graphql '.concat(
        'collectors exporters bridges history health thresholds alerting dashboard',
      );
    const given = (value: unknown) =>
      resolveOptions(Object.fromEntries(parts.split(' ').map((part) => [part, value])), 'test');
    expect(given(true)).toEqual(given({}));
    expect(given(undefined)).toEqual(given({}));
  });
});

describe.each(ADAPTERS)('an application on %s', (adapter) => {
  async function statusOf(options: MonitoringOptions, paths: readonly string[]) {
    const app = await createApp(adapter, MonitoringModule.forRoot(options));
    try {
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      const statuses = paths.map(async (path) => (await fetch(`${url}/${path}`)).status);
      const names = app
        .get(MetricsRegistry)
        .getAllMetrics()
        .map(({ name }) => name);
      return {
        statuses: await Promise.all(statuses),
        names,
        isMonitoring: app.get(PerformanceMonitor).getStatus().monitoring,
        rules: app.get(AlertingMonitor).rules(),
        checks: app.get(HealthMonitor).checkNames,
        vitals: app.get(Vitals).current(),
        lastSample: app.get(MetricsHistory).lastSample,
      };
    } finally {
      await app.close();
    }
  }

  const paths = [
    'metrics',
    'health',
    'ready',
    'alive',
    'startup',
    'metrics-dashboard',
    'monitoring/api/v1/rules',
  ];

  it('samples and evaluates nothing with history: false, and answers the probes', async () => {
    const { statuses, names, isMonitoring, rules, lastSample, vitals } = await statusOf(
      { history: false },
      paths,
    );
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404, 404]);
    expect(names.filter((name) => /^monitoring_(history|alert)/.test(name))).toEqual([]);
    expect([isMonitoring, rules, lastSample, vitals]).toEqual([false, [], undefined, {}]);
  });

  it('evaluates nothing with alerting: false, and shows the rest on the dashboard', async () => {
    const { statuses, names, isMonitoring, rules } = await statusOf({ alerting: false }, paths);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 404]);
    expect(names.filter((name) => name.startsWith('monitoring_alert'))).toEqual([]);
    expect(names).toContain('monitoring_history_series');
    expect([isMonitoring, rules]).toEqual([false, []]);
  });

  it.each<[string, MonitoringOptions]>([
    ['health: false', { health: false }],
    ['health: false and controllers', { health: false, endpoints: { controllers: true } }],
  ])('leaves the health and the probes to the application with %s', async (_, options) => {
    const { statuses, checks } = await statusOf(options, paths);
    expect(statuses).toEqual([200, 404, 404, 404, 404, 200, 200]);
    expect(checks).toEqual([]);
  });

  it('has no route of this library with endpoints: false', async () => {
    const { statuses, names } = await statusOf({ endpoints: false }, paths);
    expect(new Set(statuses)).toEqual(new Set([404]));
    expect(names).toContain('http_requests_total');
  });
});
