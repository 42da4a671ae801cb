import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AlertingMonitor, type MonitoringOptions } from 'nestjs-monitoring';
import { grafanaDashboards } from 'nestjs-monitoring/grafana';
import { parse } from 'yaml';
import { startConventionsApp } from '../e2e/fixture/conventions-app.js';
import { eventually, type RunningApp } from '../e2e/fixture/start-app.js';
import { describeWith } from './support/binaries.js';
import { asked, type Dashboard, queriesOf } from './support/grafana-model.js';
import { PrometheusServer } from './support/prometheus.server.js';
import { promtoolCheckMetrics } from './support/promtool.js';

/** Rules over each group of metrics. */
const RULES: NonNullable<MonitoringOptions['alerting']> = {
  rules: [
    {
      name: 'errors',
      severity: 'warning',
      message: 'Errors of {{ labels.route }}',
      condition: {
        metric: 'http_requests_total',
        labels: { status_code: /5../ },
        aggregate: 'rate',
        windowMs: 60_000,
        groupBy: ['route'],
        operator: '>',
        threshold: 0,
      },
    },
    {
      name: 'slow_statements',
      severity: 'warning',
      condition: {
        metric: 'db_client_operation_duration_seconds',
        aggregate: 'p95',
        windowMs: 60_000,
        groupBy: ['operation'],
        operator: '>',
        threshold: 0,
      },
    },
    {
      name: 'cpu',
      severity: 'warning',
      condition: {
        metric: 'process_cpu_user_seconds_total',
        aggregate: 'rate',
        windowMs: 60_000,
        operator: '>',
        threshold: 0,
      },
    },
    {
      name: 'latency',
      slo: { objective: 99, latency: { metric: 'http_request_duration_seconds', atMost: 1 } },
    },
  ],
};

/** Lints of names that the conventions give: counts that go up and down. */
const KNOWN_LINTS = [
  'db_client_connection_count',
  'process_thread_count',
  'process_unix_file_descriptor_count',
].map((name) => `${name} non-histogram and non-summary metrics should not have "_count" suffix`);

/** Drawn while a check is not healthy: on a busy machine, that of the event loop of one of the two applications. */
const UNHEALTHY = 'Alerts: Health of instances A';

describeWith(['prometheus', 'promtool'], 'the names of OpenTelemetry in a real Prometheus', () => {
  const apps = new Map<string, RunningApp>();
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    for (const conventions of ['prometheus', 'otel'] as const) {
      apps.set(conventions, await startConventionsApp('express', { conventions, alerting: RULES }));
    }
    prometheus = await PrometheusServer.start(
      [...apps].map(([job, { port }]) => ({ job, url: `http://127.0.0.1:${port}/metrics` })),
    );
    await prometheus.untilScraped();
    await send(20);
    await prometheus.untilScraped();
  }, 120_000);

  afterAll(async () => {
    await prometheus?.stop();
    for (const app of apps.values()) await app.close();
  });

  /** Sends requests of all kinds to both applications: many, within each interval of some scrapes. */
  async function send(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      for (const app of apps.values()) {
        await Promise.all(['/deals/1', '/broken', '/remote', '/nowhere'].map((path) => app.get(path)));
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Asks what the last requests should have brought, and sends more of them where a busy machine was not scraped. */
  async function afterRequests<T>(ask: () => Promise<T>): Promise<T> {
    let hasAsked = false;
    return eventually(
      async () => {
        if (hasAsked) await send(20);
        hasAsked = true;
        return ask();
      },
      { timeout: 150_000 },
    );
  }

  /** Returns the queries that had a number in the minute before a moment, by their panels. */
  async function drawn(conventions: 'prometheus' | 'otel', at: number): Promise<string[]> {
    const { registry } = apps.get(conventions)!;
    const dashboards = await grafanaDashboards(registry, { conventions });
    const titles: string[] = [];
    for (const { where, expr } of Object.values(dashboards as Record<string, Dashboard>).flatMap(queriesOf)) {
      const answers = await prometheus.query(`max_over_time((${asked(expr, conventions)})[1m:2s])`, at);
      if (answers.some(({ value }) => Number.isFinite(value))) titles.push(where);
    }
    return titles;
  }

  it('are drawn by every panel of Grafana that draws ours', async () => {
    // A scrape of one of them may have been a moment ago, and of the other not yet.
    await afterRequests(async () => {
      const at = Date.now();
      const own = await drawn('prometheus', at);
      expect(own.length).toBeGreaterThan(60);
      expect(own).toEqual(
        expect.arrayContaining([
          'Home: Failing routes B',
          'Application Performance: Error rate by endpoint A',
          'Database & Cache: Query time by table A',
          'Outgoing HTTP: Failed by host A',
          'Saturation: Garbage collection A',
        ]),
      );
      const semantic = await drawn('otel', at);
      const missing = own.filter((where) => !semantic.includes(where));
      expect(missing.filter((where) => where !== UNHEALTHY)).toEqual([]);
    });
  }, 240_000);

  it.each(['prometheus', 'otel'] as const)('are what the exported rules read: %s', async (conventions) => {
    const yaml = apps.get(conventions)!.app.get(AlertingMonitor).toPrometheusRules();
    const { groups } = parse(yaml) as { groups: { rules: { alert: string; expr: string }[] }[] };
    const rules = groups
      .flatMap((group) => group.rules)
      .filter(({ alert }) => RULES.rules?.some(({ name }) => name === alert));
    expect(rules.length).toBeGreaterThanOrEqual(5);
    for (const { alert, expr } of rules) {
      // Its alert needs a fault.
      if (alert === 'latency') continue;
      await afterRequests(async () => {
        // In the other application, the metrics have other names.
        const answers = await prometheus.query(expr);
        expect([alert, answers.length > 0]).toEqual([alert, true]);
      });
    }
    expect(yaml.includes('{{ $labels.http_route }}')).toBe(conventions === 'otel');
  });

  it('pass the lint of promtool but for the counts that the conventions name so', async () => {
    const { body } = await apps.get('otel')!.get('/metrics');
    const { output } = await promtoolCheckMetrics(body);
    expect(output.split('\n').filter((line) => line !== '' && !KNOWN_LINTS.includes(line))).toEqual([]);
  });

  it('come with the attributes of the resource', async () => {
    await eventually(async () => {
      const joined = await prometheus.query(
        'sum by (service_name) (http_server_request_duration_seconds_count * on (job, instance) group_left (service_name) target_info)',
      );
      expect(joined).toHaveLength(1);
      expect(joined[0]?.labels['service_name']).toBeTruthy();
    });
    expect(prometheus.complaints('otel')).toEqual([]);
  });
});
