import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { MetricsRegistry } from 'nestjs-monitoring';
import { grafanaDashboards, type GrafanaDashboardsOptions } from 'nestjs-monitoring/grafana';
import { LIBRARY_METRIC_NAMES } from '../../lib/metrics/library-metric-names.js';
import { eventually } from '../support/eventually.js';
import { expectThat } from '../support/expectations.js';
import { describeWith } from './support/binaries.js';
import { buildSampleApp, ROOT } from './support/built.js';
import {
  asked,
  type AskedQuery,
  chartsOf,
  committedDashboards,
  type Dashboard,
  DASHBOARDS,
  queriesOf,
} from './support/grafana-model.js';
import { schemaErrors } from './support/grafana-schema.js';
import { PostgresServer } from './support/postgres.server.js';
import { type PrometheusSample, PrometheusServer } from './support/prometheus.server.js';
import { RedisServer } from './support/redis.server.js';
import { SampleAppServer } from './support/sample-app.server.js';
import { TroubledApp } from './support/troubled-app.js';

const RULES = join(ROOT, 'sample-app/deploy/rules.yml');
/** Variables that Grafana has itself. */
const GLOBAL_VARIABLES = ['__rate_interval', '__range', '__url_time_range'];

/** Queries whose events the applications of this test do not bring about, each beside others in its panel. */
const QUIET = [
  // Needs a CPU limit.
  'Saturation: CPU and throttling B',
  // Neither is good for the process of the test.
  'Errors: Process and log A',
  'Errors: Process and log B',
  // No worker of a queue dies.
  'Jobs & Queues: Failures, retries and stalls C',
  // No cache of the application is full.
  'Database & Cache: Cache evictions A',
  // By chance: a receipt that could not be sent.
  'Errors: Process and log D',
  'Business Metrics: send_receipt_errors_total (increase over 1 h) A',
  'Alerts: Dropped A',
  'Alerts: Dropped B',
];

describe('the Grafana dashboards', () => {
  let dashboards: Record<string, Dashboard>;
  beforeAll(async () => {
    dashboards = await committedDashboards();
  });

  it('explain every panel, and are told apart by their uid', () => {
    const all = Object.values(dashboards);
    expect(all).toHaveLength(11);
    expect(new Set(all.map(({ uid }) => uid)).size).toBe(11);
    for (const dashboard of all) {
      expect(dashboard.templating.list.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['datasource', 'job', 'instance']),
      );
      for (const { title, description } of chartsOf(dashboard)) {
        expectThat(description, `${dashboard.title}: ${title}`).toBeTruthy();
      }
    }
  });

  it('are what the schema of Grafana allows, which refuses what it does not know', async () => {
    const wrong = structuredClone(dashboards['home']) as unknown as {
      panels: { type: string; options?: Record<string, unknown>; targets?: Record<string, unknown>[] }[];
    };
    Object.assign(wrong.panels.find(({ type }) => type === 'stat')?.options ?? {}, { graphMode: 'areas' });
    Object.assign(wrong.panels.find(({ type }) => type === 'heatmap')?.targets?.[0] ?? {}, {
      exemplars: true,
    });
    const others = await grafanaDashboards(new MetricsRegistry(), {
      conventions: 'otel',
      histograms: 'both',
    });
    const renamed = Object.fromEntries(Object.entries(others).map(([name, made]) => [`${name}-otel`, made]));
    const errors = schemaErrors({ ...dashboards, ...renamed, wrong });
    expect(errors.filter((error) => !error.includes('wrong.grafana.ts'))).toEqual([]);
    const refused = errors.join('\n');
    expect(refused).toContain('areas');
    expect(refused).toContain('exemplars');
  }, 120_000);

  it('have panels side by side, each with an id of its own and queries with ids of their own', () => {
    for (const { title, panels } of Object.values(dashboards)) {
      expectThat(new Set(panels.map(({ id }) => id)).size, title).toBe(panels.length);
      const taken = new Set<string>();
      for (const { gridPos, targets = [] } of panels) {
        expectThat(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expectThat(taken.has(`${x} ${y}`), title).toBe(false);
            taken.add(`${x} ${y}`);
          }
        }
        expectThat(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      }
    }
  });

  it('link only to each other, and use only variables that they have', () => {
    const uids = new Set(Object.values(dashboards).map(({ uid }) => uid));
    for (const dashboard of Object.values(dashboards)) {
      const text = JSON.stringify(dashboard);
      const linked = Array.from(text.matchAll(/"url":"([^"]*)"/g), ([, url = '']) => url);
      for (const url of linked) {
        expectThat(uids.has(/^\/d\/([^?]+)\?/.exec(url)?.[1] ?? url), `${dashboard.title}: ${url}`).toBe(
          true,
        );
      }
      const known = new Set([...GLOBAL_VARIABLES, ...dashboard.templating.list.map(({ name }) => name)]);
      const used = Array.from(text.matchAll(/\$\{?([a-z_]+)/g), ([, name = '']) => name).filter(
        (name) => !['__field', '__data', '__all'].includes(name),
      );
      expectThat(
        used.filter((name) => !known.has(name)),
        dashboard.title,
      ).toEqual([]);
    }
  });

  it('ask only for metrics of the library, but for those of the application', () => {
    const { 'business-metrics': _, ...own } = dashboards;
    const queries = Object.values(own).flatMap((dashboard) => [
      ...queriesOf(dashboard).map(({ expr }) => expr),
      ...dashboard.annotations.list.map(({ expr }) => expr),
    ]);
    const names = queries.flatMap((expr) =>
      Array.from(expr.matchAll(/\b([a-z_0-9]+)\{/g), ([, name = '']) => name),
    );
    const unknown = names.filter(
      (name) =>
        !LIBRARY_METRIC_NAMES.has(name) &&
        !LIBRARY_METRIC_NAMES.has(name.replace(/_(bucket|sum|count)$/, '')),
    );
    expect(new Set(names).size).toBeGreaterThan(50);
    expect(unknown).toEqual([]);
  });

  it('are made for other names and labels too', async () => {
    const made = await grafanaDashboards(new MetricsRegistry(), {
      prefix: 'shop_',
      jobLabel: 'service',
      instanceLabel: 'pod',
      matchers: 'env="production"',
    });
    const runtime = JSON.stringify(made['runtime']);
    expect(runtime).toContain(
      'shop_process_resident_memory_bytes{service=~\\"$job\\", pod=~\\"$instance\\", env=\\"production\\"}',
    );
    expect(runtime).toContain('{{pod}} RSS');
    const text = JSON.stringify(made);
    expect(text).toContain('count by (service, version, revision) (shop_application_build_info{');
    expect(text).not.toMatch(/(?:by|on) \([^)]*\b(?:job|instance)\b/);
    expect(text).toContain('"pod":0');
  });

  it('follow the labels of a convention into tables and links', async () => {
    const made = await grafanaDashboards(new MetricsRegistry(), { conventions: 'otel', histograms: 'both' });
    const home = JSON.stringify(made['home']);
    expect(home).toContain('var-route=${__data.fields.http_route:percentencode}');
    expect(home).toContain('"renameByName":{"http_route":"Route","http_request_method":"Method"');
    expect(home).toContain('histogram_count(increase(http_server_request_duration_seconds{');
    expect(JSON.stringify(made['application-performance'])).toContain(
      'label_values({__name__=~\\"http_server_request_duration_seconds(_count)?\\", job=~\\"$job\\"}, http_route)',
    );
  });

  it('refuse a kind of histograms that there is not', async () => {
    const made = grafanaDashboards(new MetricsRegistry(), {
      histograms: 'exponential' as 'native',
    });
    await expect(made).rejects.toThrow(/histograms.*'classic', 'native' or 'both'.*exponential/);
  });
});

describeWith(['promtool', 'amtool'], 'the configurations for Prometheus and Alertmanager', () => {
  it.each([
    ['promtool', ['check', 'config', 'prometheus.yml']],
    ['promtool', ['check', 'rules', 'rules.yml']],
    ['amtool', ['check-config', 'alertmanager.yml']],
  ] as const)('are what they read: %s %s', async (program, args) => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: join(ROOT, 'sample-app/deploy') });
    expect(stdout).toContain('SUCCESS');
  });

  it('alert on Kubernetes about the pods of the application, and when none is scraped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-rules-'));
    const manifest = join(ROOT, 'sample-app/deploy/kubernetes/prometheus-rule.yaml');
    const { spec } = parse(await readFile(manifest, 'utf8')) as { spec: object };
    await writeFile(join(folder, 'rules.json'), JSON.stringify(spec));
    const series = (name: string, job: string, values: string) => ({
      series: `${name}{job="${job}",pod="a",check="database"}`,
      values,
    });
    const alert = (alertname: string, severity: string, summary: string, labels: object = {}) => ({
      eval_time: '12m',
      alertname,
      exp_alerts: [{ exp_labels: { severity, ...labels }, exp_annotations: { summary } }],
    });
    const check = { check: 'database' };
    const unreached = 'Prometheus reaches no pod, so that no other alert of the application can fire';
    const test = (input: object[], alerts: object[]) => ({
      interval: '1m',
      input_series: input,
      alert_rule_test: alerts,
    });
    const none = { eval_time: '12m', exp_alerts: [] };
    const tests = [
      test(
        [
          series('up', 'shop/enterprise-land', '1x20'),
          series('monitoring_health_status', 'shop/enterprise-land', '0x20'),
        ],
        [
          alert('HealthCheckFails', 'critical', 'Health check database fails on every pod', check),
          alert('HealthCheckDegraded', 'warning', 'Health check database is not well', check),
          { ...none, alertname: 'NothingIsScraped' },
        ],
      ),
      test(
        [series('up', 'enterprise-land', '0x20'), series('monitoring_health_status', 'another', '0x20')],
        [
          alert('NothingIsScraped', 'critical', unreached),
          { ...none, alertname: 'HealthCheckFails' },
          { ...none, alertname: 'HealthCheckDegraded' },
        ],
      ),
    ];
    // Every JSON document is YAML.
    const config = { rule_files: ['rules.json'], evaluation_interval: '1m', tests };
    await writeFile(join(folder, 'test.json'), JSON.stringify(config));
    const { stdout } = await promisify(execFile)('promtool', ['test', 'rules', 'test.json'], { cwd: folder });
    expect(stdout).toContain('SUCCESS');
    await rm(folder, { recursive: true });
  });
});

describeWith(
  ['prometheus', 'redis-server', 'initdb', 'postgres'],
  'the Grafana dashboards on a real Prometheus',
  () => {
    const stops: (() => Promise<void>)[] = [];
    let classic: PrometheusServer;
    let native: PrometheusServer;
    let troubled: TroubledApp;
    let app: SampleAppServer;
    let loads = 0;
    let endedAt: number;

    beforeAll(async () => {
      await buildSampleApp();
      const [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
      troubled = await TroubledApp.start(redis.url);
      stops.unshift(
        () => troubled.close(),
        () => redis.stop(),
        () => postgres.stop(),
      );
      app = await SampleAppServer.start('express', {
        REDIS_URL: redis.url,
        DATABASE_URL: postgres.url,
      });
      stops.unshift(() => app.stop());
      const jobs = [
        { job: 'enterprise-land', url: `${app.url}/metrics` },
        { job: 'troubled', url: `${troubled.url}/metrics` },
      ];
      [classic, native] = await Promise.all([
        PrometheusServer.start(jobs),
        PrometheusServer.start(jobs, ['native-histograms', 'exemplar-storage']),
      ]);
      stops.unshift(
        () => classic.stop(),
        () => native.stop(),
      );
      await Promise.all([classic.untilScraped(), native.untilScraped()]);
      await load();
    }, 240_000);

    async function load(): Promise<void> {
      const ended = new AbortController();
      const trouble = troubled.trouble(ended.signal);
      await app.load({ seconds: 20, seed: 3 + loads++ }).finally(() => ended.abort());
      await trouble;
      endedAt = Date.now();
    }

    /** Asks what a load should have brought, and once more after another one: a busy machine may have missed scrapes. */
    async function afterLoad(ask: () => Promise<void>): Promise<void> {
      let hasAsked = false;
      await eventually(
        async () => {
          if (hasAsked) await load();
          hasAsked = true;
          await ask();
        },
        { timeout: 120_000 },
      );
    }

    afterAll(async () => {
      for (const stop of stops) await stop();
    });

    /** What was there at any time of the load, which is over. */
    async function answersTo(
      prometheus: PrometheusServer,
      { expr, isHeatmap }: AskedQuery,
    ): Promise<PrometheusSample[]> {
      // A native heatmap is drawn from whole histograms, of which a function over time has no maximum.
      const whole = isHeatmap && !expr.includes('_bucket{') ? `histogram_count(${asked(expr)})` : asked(expr);
      const answers = await prometheus.query(`max_over_time((${whole})[1m:2s])`, endedAt);
      return answers.filter(({ value }) => Number.isFinite(value));
    }

    /** The queries that have an answer, and the labels in legends that no answer has. */
    async function drawnBy(
      prometheus: PrometheusServer,
      dashboards: Readonly<Record<string, unknown>>,
    ): Promise<{ readonly drawn: string[]; readonly empty: string[]; readonly mislabeled: string[] }> {
      const drawn: string[] = [];
      const empty: string[] = [];
      const mislabeled: string[] = [];
      for (const query of Object.values(dashboards as Record<string, Dashboard>).flatMap(queriesOf)) {
        const answers = await answersTo(prometheus, query);
        (answers.length > 0 ? drawn : empty).push(query.where);
        if (answers.length === 0) continue;
        for (const [, label = ''] of query.legend.matchAll(/\{\{(\w+)\}\}/g)) {
          if (label !== 'le' && !answers.some(({ labels }) => labels[label])) {
            mislabeled.push(`${query.where}: ${label}`);
          }
        }
      }
      return { drawn, empty, mislabeled };
    }

    const made = (options: GrafanaDashboardsOptions): Promise<Readonly<Record<string, unknown>>> =>
      grafanaDashboards(troubled.running.registry, options);

    it('are what the sample application makes of itself: npm run deploy-files', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-grafana-'));
      await promisify(execFile)(process.execPath, ['sample-app/dist/deploy-files.js', folder], { cwd: ROOT });
      expect(await readFile(join(folder, 'rules.yml'), 'utf8')).toBe(await readFile(RULES, 'utf8'));
      for (const name of Object.keys(await committedDashboards())) {
        expectThat(await readFile(join(folder, 'grafana/dashboards', `${name}.json`), 'utf8'), name).toBe(
          await readFile(join(DASHBOARDS, `${name}.json`), 'utf8'),
        );
      }
      await rm(folder, { recursive: true });
    });

    it('draw data by every query of every panel', async () => {
      const dashboards = await committedDashboards();
      await afterLoad(async () => {
        const { empty, mislabeled } = await drawnBy(classic, dashboards);
        expect(empty.filter((where) => !QUIET.includes(where))).toEqual([]);
        expect(mislabeled).toEqual([]);
      });
    }, 400_000);

    it('mark deployments, restarts and alerts in every chart', async () => {
      const { home } = await committedDashboards();
      const events = new Map<string, PrometheusSample[]>();
      for (const { name, target } of home?.annotations.list ?? []) {
        events.set(name, await classic.query(`max_over_time((${asked(target.expr)})[10m:2s])`, endedAt));
      }
      expect([...events.keys()]).toEqual(['Deployments', 'Restarts', 'Alerts']);
      expect(events.get('Deployments')?.map(({ labels }) => labels)).toContainEqual({
        job: 'troubled',
        version: '2.0.0',
      });
      const starts = events.get('Restarts') ?? [];
      expect(starts).toHaveLength(2);
      // In milliseconds: in any other unit it would be decades away.
      for (const { value } of starts) expect(Math.abs(endedAt - value)).toBeLessThan(86_400_000);
      expect(events.get('Alerts')?.map(({ labels }) => labels)).toContainEqual({
        alertname: 'always',
        severity: 'warning',
      });
    });

    it('lead from a heatmap to traces', async () => {
      const { home } = await committedDashboards();
      const expr = asked(
        home?.panels.find(({ type }) => type === 'heatmap')?.targets?.[0]?.expr ?? '',
        'troubled',
      );
      const exemplars = await classic.exemplars(expr);
      expect(exemplars.map(({ labels }) => labels['trace_id'])).toContain(troubled.trace);
    });

    it('draw the same from native histograms, by queries for them or for both kinds', async () => {
      await afterLoad(expectTheSame);
    }, 600_000);

    async function expectTheSame(): Promise<void> {
      const { drawn } = await drawnBy(classic, await made({}));
      expect(drawn.length).toBeGreaterThan(100);
      const panels = (queries: readonly string[]): string[] => [
        ...new Set(queries.map((where) => where.replace(/ \w$/, ''))),
      ];
      expect(await native.query('rate(http_request_duration_seconds_bucket[30s])', endedAt)).toEqual([]);
      expect((await drawnBy(native, await made({ histograms: 'native' }))).drawn).toEqual(drawn);
      const both = await made({ histograms: 'both' });
      for (const prometheus of [classic, native]) {
        expect(panels((await drawnBy(prometheus, both)).drawn)).toEqual(panels(drawn));
      }
    }
  },
);
