import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { expectThat } from '../support/expectations.js';
import { violations } from './support/axe.js';
import { describeWith } from './support/binaries.js';
import { Browser } from './support/browser.js';
import { buildLibrary, ROOT } from './support/built.js';
import { freePort } from './support/free-port.js';
import { PrometheusServer } from './support/prometheus.server.js';
import { ServerProcess } from './support/server.process.js';

/** Longer than Prometheus takes to learn of anything, on a busy machine. */
const PATIENCE = { timeout: 150_000, interval: 500 };
/** Far above what a busy machine makes of the others. */
const SLOW_MS = 1_200;
const CLIENTS = 6;
/** What a client takes to think: without it, the two fast instances would take both cores from everybody else. */
const PAUSE_MS = 20;
/** An instance of a busy machine that takes longer than that is taken for one that is down. */
const SCRAPE_SECONDS = 2;
/** Longer than a scrape, whose samples have the time of its start: older ones do not become more. */
const SETTLED_MS = 3_000;

const INSTANCES = [
  { ADAPTER: 'express', VERSION: '1.4.0', DELAY_MS: '1' },
  { ADAPTER: 'fastify', VERSION: '1.4.0', DELAY_MS: String(SLOW_MS) },
  { ADAPTER: 'express', VERSION: '1.5.0-rc.1', DELAY_MS: '1' },
] as const;

interface Report {
  readonly isConfigured: boolean;
  readonly problem?: string;
  readonly at: number;
  readonly windowMs: number;
  readonly instances: readonly {
    readonly name: string;
    readonly isUp: boolean;
    readonly isThis: boolean;
    readonly version?: string;
    readonly figures: Readonly<Record<string, number>>;
    readonly outliers: readonly string[];
  }[];
  readonly versions: readonly { readonly version: string; readonly instances: readonly string[] }[];
  readonly routes: readonly { readonly instance: string; readonly route: string; readonly text: string }[];
  readonly vitals: Readonly<Record<string, number>>;
}

interface PanelAnswer {
  readonly title: string;
  readonly windowMs?: number;
  readonly times: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

interface Row {
  readonly method: string;
  readonly route: string;
  readonly windowMs: number;
  readonly p95: number;
  readonly statuses: Readonly<Record<string, number>>;
}

describeWith(['prometheus', 'chromium'], 'the dashboard of three instances with a real Prometheus', () => {
  const hosts: string[] = [];
  const apps: ServerProcess[] = [];
  const stops: (() => Promise<void>)[] = [];
  let prometheus: PrometheusServer;
  const loading = new AbortController();

  const read = async <T>(
    path: string,
    host = hosts[0]!,
  ): Promise<{ answer: T; source: string | null; text: string }> => {
    const response = await fetch(`http://${host}/metrics-dashboard/api/${path}`);
    const text = await response.text();
    expectThat(response.status, `${path}: ${text}`).toBe(200);
    return { answer: JSON.parse(text) as T, source: response.headers.get('x-monitoring-source'), text };
  };
  const report = async (parameters = ''): Promise<Report> =>
    (await read<Report>(`fleet?range=300000${parameters}`)).answer;

  /** Sends requests to an instance, one after the other, with pauses; one of twenty fails. */
  const load = async (host: string): Promise<void> => {
    for (let i = 0; !loading.signal.aborted; i++) {
      const id = i % 20 === 7 ? 13 : i % 5;
      await fetch(`http://${host}/orders/${id}`)
        .then((response) => response.arrayBuffer())
        .catch(() => undefined);
      await sleep(PAUSE_MS);
    }
  };

  beforeAll(async () => {
    await buildLibrary();
    for (const _ of INSTANCES) hosts.push(`127.0.0.1:${await freePort()}`);
    const job = { job: 'shop', url: `http://${hosts[0]}/metrics`, further: hosts.slice(1) };
    prometheus = await PrometheusServer.start([job], undefined, SCRAPE_SECONDS);
    const started = INSTANCES.map(async (environment, i) => {
      const host = hosts[i]!;
      const app = await ServerProcess.start({
        command: process.execPath,
        args: ['test/services/fixture/fleet-app.mjs'],
        cwd: ROOT,
        env: {
          NODE_ENV: 'development',
          ...environment,
          PORT: host.split(':')[1],
          PROMETHEUS_URL: `${prometheus.url}/`,
        },
        isReady: async () => (await fetch(`http://${host}/ready`)).ok,
      });
      apps[i] = app;
      stops.unshift(() => app.stop());
    });
    await Promise.all(started);
    stops.unshift(async () => {
      loading.abort();
      await Promise.all(loads);
    });
    const loads = hosts.flatMap((host, i) => Array.from({ length: i === 1 ? CLIENTS : 1 }, () => load(host)));
  }, 240_000);

  afterAll(async () => {
    for (const stop of stops) await stop().catch(() => undefined);
  });

  it('names the instances, their versions, and the one that is slow', async () => {
    // From here on, each instance has failed requests, so that the queries below have an answer for each.
    const failures = 'rate(http_requests_total{job="shop", status_code="500"}[5m])';
    await eventually(
      async () => expect(await prometheus.query(failures, Date.now() - SETTLED_MS)).toHaveLength(3),
      PATIENCE,
    );
    await eventually(async () => {
      const { instances, versions, routes } = await report();
      expect(instances.map(({ name, isUp, isThis, version }) => [name, isUp, isThis, version])).toEqual(
        hosts
          .map((host, i) => [host, true, i === 0, INSTANCES[i]?.VERSION])
          .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      );
      expect(versions.map(({ version, instances: { length } }) => [version, length])).toEqual([
        ['1.4.0', 2],
        ['1.5.0-rc.1', 1],
      ]);
      const slow = instances.find(({ name }) => name === hosts[1]);
      expect(slow?.outliers).toContainEqual(expect.stringMatching(/^p99 [\d.]+×$/));
      expect(
        instances.filter(({ outliers }) => outliers.some((text) => text.startsWith('p99'))),
      ).toHaveLength(1);
      expect(routes).toEqual([
        expect.objectContaining({
          instance: hosts[1],
          method: 'GET',
          route: '/orders/:id',
          text: expect.stringMatching(/^p99 [\d.]+×$/) as unknown,
        }),
      ]);
    }, PATIENCE);
  }, 300_000);

  // Each of the next four asks again where a scrape of a busy machine was stored only between the two answers.
  it('has the figures of the instances and the vitals that Prometheus has', () =>
    eventually(expectFigures, PATIENCE));

  async function expectFigures(): Promise<void> {
    const { at, windowMs, instances, vitals } = await report(`&until=${Date.now() - SETTLED_MS}`);
    const range = `${windowMs / 1000}s`;
    const own = new Map<string, (row: Report['instances'][number]) => number | undefined>([
      [
        `sum by (instance) (rate(http_requests_total{job="shop"}[${range}]))`,
        ({ figures }) => figures['requestsPerSecond'],
      ],
      [
        `100 * sum by (instance) (rate(http_requests_total{job="shop", status_code="500"}[${range}])) / sum by (instance) (rate(http_requests_total{job="shop"}[${range}]))`,
        ({ figures }) => figures['errorPercent'],
      ],
      [
        `histogram_quantile(0.99, sum by (instance, le) (rate(http_request_duration_seconds_bucket{job="shop"}[${range}])))`,
        ({ figures }) => figures['p99Seconds'],
      ],
      ['process_resident_memory_bytes{job="shop"}', ({ figures }) => figures['memoryBytes']],
    ]);
    for (const [promql, figureOf] of own) {
      const samples = await prometheus.query(promql, at);
      expectThat(samples, promql).toHaveLength(3);
      for (const { labels, value } of samples) {
        const row = instances.find(({ name }) => name === labels['instance'])!;
        const difference = Math.abs((figureOf(row) ?? NaN) - value);
        // Six significant digits are shown.
        expectThat(difference, `${promql}: ${value}`).toBeLessThanOrEqual(Math.abs(value) * 5.1e-6);
      }
    }
    const [mean] = await prometheus.query(
      '1000 * sum(rate(http_request_duration_seconds_sum{job="shop"}[1m])) / sum(rate(http_request_duration_seconds_count{job="shop"}[1m]))',
      at,
    );
    expect(vitals['response_time_ms']).toBeCloseTo(mean!.value, 1);
  }

  /** Our own writing of what some charts show. `M` stands for the matchers, `W` for the window. */
  const CHARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'Request rate': {
      'successful (1xx–3xx)': 'sum(rate(http_requests_total{M, status_code=~"[123].."}[W]))',
      'server errors (5xx)': 'sum(rate(http_requests_total{M, status_code=~"5.."}[W]))',
    },
    'Response time percentiles': Object.fromEntries(
      [50, 95, 99].map((p) => [
        `p${p}`,
        `histogram_quantile(${p / 100}, sum by (le) (rate(http_request_duration_seconds_bucket{M}[W])))`,
      ]),
    ),
    'Requests in flight': { GET: 'sum by (method) (http_requests_in_progress{M})' },
    'Process memory': { RSS: 'sum(process_resident_memory_bytes{M})' },
    'Event loop lag': { p99: 'max(nodejs_eventloop_lag_p99_seconds{M})' },
    'Process CPU': { user: '100 * avg(rate(process_cpu_user_seconds_total{M}[W]))' },
    'CPU usage': { used: 'avg(system_cpu_percent{M})' },
  };

  const expectCharts = async (query: string, matchers: string): Promise<void> => {
    const until = Date.now() - SETTLED_MS;
    const answers = await Promise.all(
      ['requests', 'runtime', 'system'].map((name) =>
        read<{ panels: PanelAnswer[] }>(`view?name=${name}&range=300000&until=${until}${query}`),
      ),
    );
    expect(answers.map(({ source }) => source)).toEqual(['fleet', 'fleet', 'fleet']);
    const panels = answers.flatMap(({ answer }) => answer.panels);
    for (const [title, lines] of Object.entries(CHARTS)) {
      const { times, windowMs = 0, series } = panels.find((panel) => panel.title === title)!;
      expectThat(times.length, title).toBeGreaterThan(50);
      const [start = 0, second = 0] = times;
      for (const [name, text] of Object.entries(lines)) {
        const promql = text.replace('M', matchers).replace('W', `${Math.round(windowMs)}ms`);
        const [expected] = await prometheus.queryRange(promql, {
          start,
          end: times.at(-1)!,
          stepMs: second - start,
        });
        const values = series.find((line) => line.name === name)?.values ?? [];
        const known = values.flatMap((value, i) => (value === null ? [] : [[times[i]!, value] as const]));
        expectThat(known.length, `${title}: ${name}`).toBeGreaterThan(0);
        for (const [time, value] of known) {
          const theirs = expected?.values.get(time) ?? NaN;
          expectThat(Math.abs(value - theirs), `${promql} at ${time}`).toBeLessThanOrEqual(
            Math.max(1, Math.abs(theirs)) * 1e-5,
          );
        }
        const unknown = [...(expected?.values ?? [])].filter(([, value]) => Number.isFinite(value));
        expectThat(known.length, promql).toBe(unknown.length);
      }
    }
  };

  it('draws what Prometheus draws, of all instances', () =>
    eventually(() => expectCharts('', 'job="shop"'), PATIENCE));

  it('draws what Prometheus draws, of one instance', () =>
    eventually(() => expectCharts(`&instance=${hosts[1]}`, `job="shop", instance="${hosts[1]}"`), PATIENCE));

  it('counts the requests by route as Prometheus does, of all instances or of one', async () => {
    for (const [query, matchers] of [
      ['', 'job="shop"'],
      [`&instance=${hosts[2]}`, `job="shop", instance="${hosts[2]}"`],
    ] as const) {
      await eventually(() => expectCounts(query, matchers), PATIENCE);
    }
  });

  async function expectCounts(query: string, matchers: string): Promise<void> {
    const { at } = await report(`&until=${Date.now() - SETTLED_MS}`);
    const { answer, source } = await read<Row[]>(`endpoints?range=300000&until=${at}${query}`);
    expect(source).toBe('fleet');
    const row = answer.find(({ route }) => route === '/orders/:id')!;
    const window = `${Math.round(row.windowMs)}ms`;
    const samples = await prometheus.query(
      `sum by (status_code) (increase(http_requests_total{${matchers}, route="/orders/:id"}[${window}]))`,
      at,
    );
    expect(row.statuses).toEqual(
      Object.fromEntries(samples.map(({ labels, value }) => [labels['status_code'], Math.round(value)])),
    );
    expect(row.statuses).toEqual({ '200': expect.any(Number), '500': expect.any(Number) });
  }

  it('shows the process alone if it is asked to', async () => {
    const { answer, source } = await read<{ panels: PanelAnswer[] }>(
      'view?name=requests&range=300000&instance=@process',
    );
    expect(source).toBe('process');
    expect(answer.panels.length).toBeGreaterThan(2);
  });

  it('counts its queries', async () => {
    const metrics = await (await fetch(`http://${hosts[0]}/metrics`)).text();
    const [, count] = /^monitoring_prometheus_queries_total (\d+)$/m.exec(metrics) ?? [];
    expect(Number(count)).toBeGreaterThan(30);
    // On a busy machine, Prometheus may have been too slow for one.
    expect(metrics).toMatch(/^monitoring_prometheus_query_failures_total\{reason="timeout"\} \d+$/m);
    expect(metrics).toMatch(/^monitoring_prometheus_query_duration_seconds_count [1-9]/m);
    expect(metrics).not.toContain('T3nant');
  });

  it('names the slow instance on the page, and shows one of them, on a desk and on a phone', async () => {
    const browser = await Browser.start();
    stops.unshift(() => browser.stop());
    const { page, offences } = await browser.open(`http://${hosts[0]}/metrics-dashboard#/now?range=300000`);
    const bar = page.getByRole('region', { name: 'Source of the figures' });
    for (const [scheme, width] of [
      ['light', 1280],
      ['dark', 360],
    ] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate("location.hash = '#/now?range=300000'");
      await bar.getByText('fleet of 3 via Prometheus').waitFor(PATIENCE);
      await bar
        .getByText(/^! p99 [\d.]+×$/)
        .first()
        .waitFor(PATIENCE);
      await bar.getByText('2 versions').waitFor();
      const verdict = page.getByRole('region', { name: 'Verdict' });
      await verdict.getByText(hosts[1]!).first().waitFor(PATIENCE);
      // On a busy machine, Prometheus may be too slow for one of the answers that are shown one after the other.
      await eventually(async () => {
        const text = await verdict.innerText();
        expect(text).toMatch(/p99 [\d.]+× \([\d.]+ s, median [\d.]+ m?s\)/);
        expect(text).toMatch(/This process \([^)]+:\d+\): /);
      }, PATIENCE);
      expect(await violations(page)).toEqual([]);

      await page.evaluate("location.hash = '#/routes?range=300000'");
      await bar.getByRole('link', { name: 'GET /orders/:id' }).waitFor(PATIENCE);

      await page.evaluate("location.hash = '#/now/instances?range=300000'");
      const table = page.getByRole('table', { name: /^Instances/ });
      await table.getByText('1.5.0-rc.1').waitFor(PATIENCE);
      expect(await violations(page)).toEqual([]);
      await eventually(async () => {
        const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(shown).toBeLessThanOrEqual(width);
      });

      // Where the figures are read again and again: on a busy machine, Prometheus may be too slow for the last ones.
      await page.evaluate("location.hash = '#/now?range=300000'");
      await bar.getByText('fleet of 3 via Prometheus').waitFor(PATIENCE);
      await bar.getByLabel('Instance').selectOption(hosts[1]!);
      await bar.getByText('one instance via Prometheus').waitFor(PATIENCE);
      expect(page.url()).toContain(`instance=${encodeURIComponent(hosts[1]!)}`);
    }
    await bar.getByLabel('Instance').selectOption('This process only');
    await bar.getByText('this process', { exact: false }).first().waitFor(PATIENCE);
    // The list of instances has no figures of the process that was shown before.
    await page.evaluate("location.hash = '#/now/instances?range=300000'");
    await bar.getByText('fleet of 3 via Prometheus').waitFor(PATIENCE);
    expect(offences).toEqual({ console: [], foreign: [] });
    await page.close();
  }, 300_000);

  it('names an instance that is down', async () => {
    await apps[2]!.crash();
    await eventually(async () => {
      const { instances } = await report();
      expect(instances.map(({ name, isUp }) => [name, isUp])).toContainEqual([hosts[2], false]);
      expect(instances.filter(({ isUp }) => isUp)).toHaveLength(2);
    }, PATIENCE);
  }, 300_000);

  it('shows the process, and says why in one line, once Prometheus is gone', async () => {
    await prometheus.crash();
    await eventually(async () => {
      const { answer, source, text } = await read<Report>('fleet?range=300000');
      expect(source).toBe('process');
      expect(text).not.toContain('T3nant');
      // A query that was on its way when it ended has lost its connection.
      expect(answer.problem).toMatch(
        /^Prometheus at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. Figures are those of this process\.$/,
      );
    }, PATIENCE);
    const { answer, source } = await read<{ panels: PanelAnswer[] }>('view?name=requests&range=300000');
    expect(source).toBe('process');
    expect(answer.panels.length).toBeGreaterThan(2);
    const rows = await read<Row[]>('endpoints?range=300000');
    expect(rows.answer.map(({ route }) => route)).toContain('/orders/:id');
    const metrics = await (await fetch(`http://${hosts[0]}/metrics`)).text();
    expect(metrics).toMatch(/^monitoring_prometheus_query_failures_total\{reason="unreachable"\} [1-9]/m);
  }, 300_000);
});
