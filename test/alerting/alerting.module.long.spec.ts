import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  type Alert,
  AlertHandler,
  AlertingMonitor,
  type AlertStatus,
  MetricsRegistry,
  type MonitoringOptions,
  PerformanceMonitor,
} from 'nestjs-monitoring';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, createApp, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { scalars } from '../metrics/support.js';
import { queueRule } from './support.js';

@Injectable()
class Pager {
  readonly pages: string[] = [];
}

@AlertHandler({ severities: ['critical'] })
class PagerHandler {
  constructor(private readonly pager: Pager) {}

  handle({ rule, state }: Alert): void {
    this.pager.pages.push(`${rule} ${state}`);
  }
}

@Injectable()
class Queues {
  constructor(registry: MetricsRegistry) {
    registry.gauge('queue_length', 'Jobs that wait.', { labelNames: ['queue'] }).set({ queue: 'mail' }, 3);
  }
}

interface ShownInApi {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly status: AlertStatus;
}

describe.each(ADAPTERS)('alerting in an application on %s', (adapter) => {
  let running: RunningApp | undefined;

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  async function start(options: MonitoringOptions): Promise<RunningApp> {
    const module = FixtureModule.with(
      // At so short an interval an hour for the dashboard takes all the memory there is, but not that of rules.
      { ...WITHOUT_COLLECTORS, ...options },
      { imports: [ScheduleModule.forRoot()], providers: [Queues, Pager, PagerHandler] },
    );
    running = await startApp(adapter, module);
    return running;
  }

  it('evaluates rules, notifies functions and providers, and serves rules and alerts to authorized clients', async () => {
    const notified: string[] = [];
    const { app, registry, get } = bound(
      await start({
        endpoints: { auth: { bearerToken: 'secret' } },
        alerting: {
          intervalMs: 20,
          rules: [queueRule({ severity: 'critical' })],
          handlers: [({ rule, state, message }: Alert) => notified.push(`${rule} ${state}: ${message}`)],
        },
      }),
    );
    const queue = registry.gauge('queue_length', 'Jobs that wait.', { labelNames: ['queue'] });
    expect((await get('/monitoring/api/v1/rules')).status).toBe(401);
    queue.set({ queue: 'mail' }, 12);
    await eventually(() => expect(notified).toEqual(['long_queue firing: Queue mail has 12 jobs']));
    await eventually(() => expect(app.get(Pager).pages).toEqual(['long_queue firing']));
    const headers = { authorization: 'Bearer secret' };
    const { body: rules } = await get('/monitoring/api/v1/rules', { headers });
    const shown = JSON.parse(rules) as { data: { groups: { rules: { name: string }[] }[] } };
    expect(shown.data.groups[0]?.rules.find(({ name }) => name === 'long_queue')).toMatchObject({
      name: 'long_queue',
      state: 'firing',
      health: 'ok',
      query: 'queue_length > 10',
      type: 'alerting',
      labels: { severity: 'critical' },
      annotations: { summary: 'Queue {{ $labels.queue }} has {{ $value }} jobs' },
    });
    const { body: alerts } = await get('/monitoring/api/v1/alerts', { headers });
    expect(JSON.parse(alerts)).toMatchObject({
      status: 'success',
      data: {
        alerts: [
          {
            labels: { alertname: 'long_queue', queue: 'mail', severity: 'critical' },
            annotations: { summary: 'Queue mail has 12 jobs' },
            state: 'firing',
            value: '12',
            status: { state: 'active', silencedBy: [], inhibitedBy: [] },
          },
        ],
      },
    });
    await eventually(async () => {
      const snapshot = await registry.collect();
      expect(scalars(snapshot, 'monitoring_alerts')).toMatchObject([
        { labels: { alertname: 'long_queue', alertstate: 'firing', severity: 'critical' }, value: 1 },
      ]);
      expect(scalars(snapshot, 'monitoring_notifications_total').map(({ value }) => value)).toEqual([1, 1]);
    });
    queue.set({ queue: 'mail' }, 2);
    await eventually(() => expect(notified).toHaveLength(2));
    // As with ALERTS: what neither is pending nor fires has no series.
    expect(scalars(await registry.collect(), 'monitoring_alerts')).toEqual([]);
    expect(notified[1]).toBe('long_queue resolved: Queue mail has 2 jobs');
    expect(app.get(SchedulerRegistry).getIntervals()).toContain('monitoring.history');
  });

  it('raises a warning and then a critical alert of a vital, by thresholds that can be reassigned', async () => {
    const { app, registry } = await start({ alerting: { intervalMs: 20 } });
    const monitor = app.get(PerformanceMonitor);
    registry.gauge('system_memory_percent', 'Memory.').set(90);
    await eventually(() =>
      expect(monitor.getStatus()).toEqual({
        monitoring: true,
        metrics: { memory_percent: 90 },
        alerts: [{ metric: 'memory_percent', value: 90, threshold: 85, severity: 'warning' }],
      }),
    );
    monitor.thresholds = { memory_percent: { warning: 60, critical: 80 } };
    await eventually(() =>
      expect(monitor.getStatus().alerts).toEqual([
        { metric: 'memory_percent', value: 90, threshold: 80, severity: 'critical' },
      ]),
    );
    monitor.thresholds = { cpu_percent: 90 };
    expect(monitor.getStatus().alerts).toEqual([]);
    monitor.stop();
    expect(monitor.getStatus()).toEqual({
      monitoring: false,
      metrics: { memory_percent: 90 },
      alerts: [],
    });
    monitor.start();
    await eventually(() => expect(monitor.getStatus().metrics).toEqual({ memory_percent: 90 }));
  });

  it('inhibits the warning of a vital by its critical alert, and lists one reason only', async () => {
    const { registry, get } = bound(
      await start({
        endpoints: { auth: { bearerToken: 'secret' } },
        alerting: { intervalMs: 20 },
        thresholds: { memory_percent: { warning: 85, forMs: 0 } },
      }),
    );
    registry.gauge('system_memory_percent', 'Memory.').set(99);
    const headers = { authorization: 'Bearer secret' };
    await eventually(async () => {
      const { body } = await get('/monitoring/api/v1/alerts', { headers });
      const { data } = JSON.parse(body) as { data: { alerts: ShownInApi[] } };
      const critical = data.alerts.find(({ labels }) => labels['severity'] === 'critical');
      expect(critical?.status).toEqual({ state: 'active', silencedBy: [], inhibitedBy: [] });
      const warning = data.alerts.find(({ labels }) => labels['severity'] === 'warning');
      expect(warning).toMatchObject({
        state: 'firing',
        status: { state: 'suppressed', silencedBy: [], inhibitedBy: [critical?.fingerprint] },
      });
    });
    const dashboard = await get('/metrics-dashboard/api/alerts', { headers });
    expect((JSON.parse(dashboard.body) as { alerts: unknown[] }).alerts).toMatchObject([
      { rule: 'memory_percent_critical', state: 'firing' },
      { rule: 'memory_percent_warning', state: 'firing', inhibitedBy: ['memory_percent_critical'] },
    ]);
    await eventually(async () => {
      const overview = await get('/metrics-dashboard/api/overview', { headers });
      const { reasons } = JSON.parse(overview.body) as { reasons: { text: string }[] };
      expect(reasons.filter(({ text }) => text.startsWith('memory_percent'))).toHaveLength(1);
    });
  });

  it('refuses to start with a rule on an unknown metric, and suggests the nearest name', async () => {
    const condition = { metric: 'queue_lenght', operator: '>', threshold: 1 } as const;
    await expect(start({ alerting: { rules: [queueRule({ condition })] } })).rejects.toThrow(
      'The alert rule "long_queue" uses the metric "queue_lenght", which does not exist. Did you mean "queue_length"? Define the metric before the application starts, or set `allowMissingMetric: true` on the rule.',
    );
  });

  it.each([60, 250])(
    'has no noData alert when scrapes with a short timeout interrupt a collector of %i ms',
    async (collectingMs) => {
      const notified: string[] = [];
      const { app, registry, get } = bound(
        await start({
          alerting: {
            intervalMs: 20,
            rules: [
              {
                name: 'no_depth',
                condition: { metric: 'depth', operator: '>', threshold: 1e9 },
                severity: 'warning',
                message: 'The depth is not known',
                noData: 'alert',
                allowMissingMetric: true,
                forMs: 0,
              },
            ],
            handlers: [({ rule, state }: Alert) => void notified.push(`${rule} ${state}`)],
          },
        }),
      );
      const depth = registry.gauge('depth', 'Depth.');
      let runs = 0;
      const collect = async (): Promise<void> => {
        await sleep(collectingMs);
        depth.set(++runs);
      };
      registry.addCollector({ name: 'depth', metricNames: ['depth'], collect });
      await eventually(() => expect(runs).toBeGreaterThan(1), 10_000);
      await eventually(() => expect(notified.at(-1)).not.toBe('no_depth firing'), 10_000);
      const before = notified.length;
      const evaluations = (): number => app.get(AlertingMonitor).rules().at(0)?.evaluations ?? 0;
      const evaluated = evaluations();
      const headers = { 'x-prometheus-scrape-timeout-seconds': '0.000001' };
      const over = new AbortController();
      const hurried = Array.from({ length: 3 }, async () => {
        while (!over.signal.aborted) await get('/metrics', { headers });
      });
      await eventually(() => expect(evaluations()).toBeGreaterThan(evaluated + 15), 30_000);
      over.abort();
      await Promise.all(hurried);
      expect(notified.slice(before)).toEqual([]);
    },
    45_000,
  );

  it('evaluates nothing when monitoring is disabled', async () => {
    const { app } = await start({ enabled: false, alerting: { intervalMs: 5, rules: [queueRule()] } });
    expect(app.get(PerformanceMonitor).getStatus().monitoring).toBe(false);
    expect(app.get(AlertingMonitor).rules()[0]?.health).toBe('unknown');
  });
});

function bound(running: RunningApp) {
  const { app, registry } = running;
  return { app, registry, get: (...args: Parameters<RunningApp['get']>) => running.get(...args) };
}

describe('an invalid option', () => {
  it.each<[MonitoringOptions, string | RegExp]>([
    [
      { alerting: { rules: [{ name: 'a b' }] as never } },
      /he name of an alert rule .*a name of letters, digits and underscores.*"a b"/,
    ],
    [
      { alerting: { rules: [queueRule(), queueRule()] } },
      '`alerting.rules` has two rules named "long_queue". Give each rule a unique name.',
    ],
    [
      { alerting: { intervalMs: 5_000 }, history: { intervalMs: 15_000 } },
      /alerting\.intervalMs.*at least.*history\.intervalMs.*15000.*5000/,
    ],
    [{ thresholds: { cpu: 1 } as never }, /`cpu` in `thresholds`/],
    [
      { thresholds: { cache_hit_rate_percent: { warning: 50, critical: 60 } } },
      /thresholds\.cache_hit_rate_percent\.critical`? .*a number of at most the warning threshold, 50.*got 60/,
    ],
  ])('is rejected at the start: %j', async (options, message) => {
    await expect(createApp('express', FixtureModule.with(options))).rejects.toThrow(message);
  });
});
