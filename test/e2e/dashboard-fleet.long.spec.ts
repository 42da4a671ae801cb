import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { DashboardPanel, type DashboardPanelContent } from 'nestjs-monitoring/dashboard';
import { type DashboardOptions, resolveDashboard } from '../../lib/dashboard/dashboard.options.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { PrometheusDouble } from '../dashboard/fleet/prometheus.double.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

@Controller()
class GreetingController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }
}

@Injectable()
class OrderPanels {
  private readonly orders;

  constructor(registry: MetricsRegistry) {
    this.orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop', 'job'] });
  }

  order(count: number): void {
    this.orders.inc({ shop: 'shoes', job: 'web' }, count);
  }

  @DashboardPanel({ title: 'Orders', page: 'Shop' })
  panel(): DashboardPanelContent {
    const promql = 'sum by (shop, job) (rate(orders_total{job=~"web|app"}[5m])) / 2';
    return { charts: [{ title: 'Half', lines: [{ promql, name: 'half' }] }] };
  }
}

describe.each(ADAPTERS)('the dashboard with a Prometheus, on %s', (adapter) => {
  let server: PrometheusDouble;
  let app: RunningApp | undefined;

  beforeEach(async () => {
    server = await new PrometheusDouble().start();
  });
  afterEach(async () => {
    await app?.close();
    await server.stop();
  });

  const start = async (options: MonitoringOptions = {}): Promise<RunningApp> => {
    app = await startApp(adapter, {
      module: class AppModule {},
      imports: [
        MonitoringModule.forRoot({
          // All queries of a page take less than its default of five seconds, but on a busy machine.
          dashboard: { prometheus: { url: server.url, bearerToken: 'T0ken', timeoutMs: 60_000 } },
          collectors: { system: false },
          ...options,
        }),
      ],
      controllers: [GreetingController],
      providers: [OrderPanels],
    });
    await app.get('/hello');
    return app;
  };
  const read = async (path: string) => {
    const { status, headers, body } = await app!.get(`/metrics-dashboard/api/${path}`);
    return {
      status,
      source: headers['x-monitoring-source'],
      answer: JSON.parse(body) as Record<string, unknown>,
    };
  };

  it('answers by it, of all instances or of one, and asks nothing before somebody looks', async () => {
    server.answer = () => [{ metric: {}, valueAt: () => 7 }];
    await start();
    expect(server.requests).toEqual([]);
    const { status, source, answer } = await read('view?name=requests&range=300000&instance=pod-7');
    expect([status, source]).toEqual([200, 'fleet']);
    const [panel] = answer['panels'] as { title: string; series: { values: number[] }[] }[];
    expect(panel?.title).toBe('Request rate');
    expect(new Set(panel?.series[0]?.values)).toEqual(new Set([7]));
    expect(server.asked.some(({ query }) => query.includes('instance="pod-7"'))).toBe(true);
    expect(server.asked[0]?.headers['authorization']).toBe('Bearer T0ken');
    const metric = await read('metric?name=http_requests_total&range=300000');
    expect([metric.status, metric.source]).toEqual([200, 'fleet']);
    const { body } = await app!.get('/metrics');
    expect(body).toMatch(/^monitoring_prometheus_queries_total [1-9]/m);
    // They are requests of monitoring, not of the application.
    expect(body).not.toContain(`host="${new URL(server.url).host}"`);
    await fetch(server.url).then((response) => response.text());
    expect((await app!.get('/metrics')).body).toContain(`host="${new URL(server.url).host}"`);
  });

  it('shows the lines of panels in PromQL: asked of Prometheus by its labels, or evaluated by the process', async () => {
    server.answer = (query) =>
      query.includes('orders_total')
        ? [{ metric: { shop: 'shoes', exported_job: 'web' }, valueAt: () => 7 }]
        : [];
    await start();
    const orders = app!.app.get(OrderPanels);
    const sampler = app!.app.get(HistorySampler);
    // The first look makes the history sample it.
    const linesOf = (path: string) =>
      // A panel that takes a while has no content yet.
      eventually(async () => {
        const { answer } = await read(path);
        const [panel] = answer['panels'] as {
          content?: { charts: { series: { name: string; values: (number | null)[] }[] }[] };
        }[];
        if (panel?.content === undefined) throw new Error(JSON.stringify(answer));
        return panel.content.charts[0]?.series ?? [];
      });
    await linesOf('panels?page=Shop&instance=@process');
    for (let i = 0; i < 3; i++) {
      orders.order(600);
      // Two samples of the same millisecond are those of a clock that was set back.
      for (const before = Date.now(); Date.now() === before;) await nextTurn();
      await sampler.sampleNow();
    }
    const ofFleet = await linesOf('panels?page=Shop');
    expect(ofFleet.map(({ name }) => name)).toEqual(['shoes web half']);
    expect(new Set(ofFleet[0]?.values)).toEqual(new Set([7]));
    const asked = server.asked.map(({ query }) => query).filter((query) => query.includes('orders_total'));
    expect(asked.length).toBeGreaterThan(0);
    for (const query of asked) {
      expect(query).toMatch(
        /sum by \(shop, exported_job\) \(rate\(orders_total\{exported_job=~"web\|app"[^}]*\}\[5m\]\)\) \/ 2/,
      );
    }
    const ofProcess = await linesOf('panels?page=Shop&instance=@process');
    expect(ofProcess.map(({ name }) => name)).toEqual(['shoes web half']);
    expect(ofProcess[0]?.values.some((value) => (value ?? 0) > 0)).toBe(true);
    expect(ofProcess[0]?.values).not.toContain(7);
  });

  it('has instances of any name', async () => {
    const name = 'pod "7"\n} or up{\\';
    server.answer = () => [{ metric: { instance: name }, valueAt: () => 1 }];
    await start();
    const { answer } = await read('fleet?range=300000');
    expect((answer['instances'] as { name: string }[]).map((each) => each.name)).toContain(name);
    const path = `view?name=requests&range=300000&instance=${encodeURIComponent(name)}`;
    const { status, source } = await read(path);
    expect([status, source]).toEqual([200, 'fleet']);
    const quoted = String.raw`instance="pod \"7\"\n} or up{\\"`;
    const named = server.asked.map(({ query }) => query).filter((query) => query.includes('instance="'));
    expect(named.length).toBeGreaterThan(0);
    for (const query of named) expect(query).toContain(quoted);
  });

  it('answers by the process if it is asked to', async () => {
    await start();
    const { status, source } = await read('view?name=requests&instance=@process');
    expect([status, source]).toEqual([200, 'process']);
    expect(server.requests).toEqual([]);
  });

  it('answers by the process while Prometheus does not answer, and keeps serving', async () => {
    server.mood = 'hangs';
    await start({ dashboard: { prometheus: { url: server.url, timeoutMs: 200 } } });
    const [view, report, hello] = await Promise.all([
      read('view?name=requests&range=300000'),
      read('fleet?range=300000'),
      app!.get('/hello'),
    ]);
    expect([hello.status, view.status, view.source, report.status]).toEqual([200, 200, 'process', 200]);
    expect(report.answer['problem']).toMatch(
      /^Prometheus at 127\.0\.0\.1:\d+ did not answer (within 0\.2 s|in time)\. Figures are those of this process\.$/,
    );
  });

  it.each<[string, (double: PrometheusDouble) => void, RegExp]>([
    [
      'has no series of the application',
      (double) => (double.newest = undefined),
      /has no process_start_time_seconds of the last 5 minutes\. It does not scrape the application yet, or dashboard\.prometheus\.matchers select something else\. Figures are/,
    ],
    [
      'wants other credentials',
      (double) => double.troubles.push({ status: 401, body: 'T0ken' }),
      /status 401, since it wants other credentials; see dashboard\.prometheus\. Figures are/,
    ],
    [
      'is none',
      (double) => double.troubles.push({ status: 200, body: '<html>' }),
      /sent no answer of Prometheus\. Figures are/,
    ],
  ])('says that Prometheus %s, and shows the process', async (_, break_, problem) => {
    await start();
    break_(server);
    const { source, answer } = await read('fleet?range=300000');
    expect(source).toBe('process');
    expect(answer['problem']).toMatch(problem);
    break_(server);
    expect((await read('now?range=300000')).source).toBe('process');
  });

  it('has the verdict and says how late it is where the samples of Prometheus are old', async () => {
    server.newest = () => (Date.now() - 600_000) / 1_000;
    server.answer = (query) =>
      query.includes('http_requests_total') ? [{ metric: {}, valueAt: () => 0 }] : [];
    await start();
    const { source, answer } = await read('now?range=300000');
    expect(source).toBe('fleet');
    expect(answer['verdict']).toMatchObject({ state: 'unknown' });
    const report = await read('fleet?range=300000');
    expect(Number(report.answer['behindMs'])).toBeGreaterThan(590_000);
    const figures = server.asked.filter(({ query }) => query.includes('http_requests_total'));
    const latest = Math.max(...figures.flatMap(({ times }) => times));
    expect(latest).toBeLessThan(Date.now() / 1_000 - 590);
  });

  it('ends while a query is in flight', async () => {
    server.mood = 'hangs';
    await start({ dashboard: { prometheus: { url: server.url, timeoutMs: 3_600_000 } } });
    const view = read('view?name=requests').catch(() => undefined);
    while (server.held === 0) await new Promise((resolve) => setImmediate(resolve));
    await app!.close();
    app = undefined;
    await view;
  });

  it('says that there is none, and answers as ever, without the option', async () => {
    await start({ dashboard: {} });
    expect((await read('fleet')).answer).toEqual({ isConfigured: false });
    const { status, source } = await read('view?name=requests');
    expect([status, source]).toEqual([200, undefined]);
    expect((await app!.get('/metrics')).body).not.toContain('monitoring_prometheus_');
  });

  it.each([
    ['an instance that is too long', `view?name=requests&instance=${'x'.repeat(257)}`, 400],
    ['an unknown metric', 'metric?name=nobody_total', 404],
    ['an unknown view', 'view?name=nothing', 404],
  ])('refuses %s', async (_, path, status) => {
    await start();
    expect((await read(path)).status).toBe(status);
  });

  it('asks for credentials before it asks Prometheus', async () => {
    await start({ endpoints: { auth: { bearerToken: 's3cret' } } });
    expect((await read('fleet')).status).toBe(401);
    expect(server.requests).toEqual([]);
  });
});

describe('the Prometheus of the dashboard', () => {
  const refusalOf = (prometheus: unknown): string => {
    try {
      resolveDashboard({ prometheus } as DashboardOptions);
    } catch (error) {
      return String(error);
    }
    throw new Error('the options were accepted');
  };

  it.each<[unknown, RegExp]>([
    [
      {},
      /`dashboard\.prometheus\.url` must be the base URL of a Prometheus such as http:\/\/prometheus:9090; got undefined/,
    ],
    [{ url: 'prometheus:9090' }, /`dashboard\.prometheus\.url` must be the base URL/],
    [{ url: 'http://p/?a=T0ken' }, /`dashboard\.prometheus\.url` must be the base URL/],
    [{ url: 'http://ada:T0ken@p' }, /must not contain credentials\. Set the option basicAuth or bearerToken/],
    [
      { url: 'http://p', matchers: 'job="a"' },
      /`dashboard\.prometheus\.matchers` must be an object; got a string/,
    ],
    [{ url: 'http://p', matchers: { 'a-b': 'c' } }, /a label name in dashboard\.prometheus\.matchers/i],
    [
      { url: 'http://p', matchers: { job: /a(?=b)/ } },
      /must be a regular expression without flags, lookarounds/,
    ],
    [
      { url: 'http://p', matchers: { job: 7 } },
      /must be a string, an array of strings or a regular expression; got 7/,
    ],
    [
      { url: 'http://p', instanceLabel: '__name__' },
      /`dashboard\.prometheus\.instanceLabel` must be a label name/,
    ],
    [{ url: 'http://p', headers: { 'Content-Length': '7' } }, /must not contain the header "Content-Length"/],
    [{ url: 'http://p', headers: { a: 'T0ken\n' } }, /printable ASCII values; the header "a" does not/],
    [
      { url: 'http://p', bearerToken: 'T0ken', headers: { Authorization: 'T0ken' } },
      /at most one of basicAuth, bearerToken and the header authorization; got 2/,
    ],
    [{ url: 'http://p', bearerToken: 'T0ken\n' }, /bearerToken` must be a string of printable ASCII/],
    [{ url: 'http://p', basicAuth: { username: 'a', password: '' } }, /password` must be a non-empty string/],
    [
      { url: 'http://p', timeoutMs: 0 },
      /`dashboard\.prometheus\.timeoutMs` must be a number of milliseconds from 1/,
    ],
    [{ url: 'http://p', matcher: {} }, /Unknown key `matcher`.*Did you mean `matchers`/],
  ])('is refused at the start: %j', (options, message) => {
    const text = refusalOf(options);
    expect(text).toMatch(message);
    expect(text).not.toContain('T0ken');
  });
});
