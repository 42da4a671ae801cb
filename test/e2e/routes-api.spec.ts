import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, Module } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import type { RouteList } from '../../lib/dashboard/routes/route-list.js';
import type { RoutePage } from '../../lib/dashboard/routes/route-queries.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { expectThat } from '../support/expectations.js';
import { WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

const API = '/metrics-dashboard/api';
const ROUTES = 500;

/** A controller of many routes. Each twentieth is not found, and the last one fails. */
@Controller('many')
class ManyController {}
for (let i = 0; i < ROUTES; i++) {
  const name = `route${i}`;
  const value = (): string => {
    if (i === ROUTES - 1) throw new HttpException('no rates <b>now</b>', 503);
    if (i % 20 === 0) throw new HttpException('not found', 404);
    return 'ok';
  };
  Object.defineProperty(ManyController.prototype, name, { value, configurable: true });
  Get(`${name}/:id`)(ManyController.prototype, name, { value });
}

@Module({
  imports: [
    MonitoringModule.forRoot({
      ...WITHOUT_COLLECTORS,
      requests: { records: { sampleRate: 1 } },
    }),
  ],
  controllers: [ManyController],
})
class ManyModule {}

describe.each(ADAPTERS)('the API of 500 routes on %s', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(adapter, ManyModule);
    await app.firstSample();
    for (let i = 0; i < ROUTES; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, j) => app.get(`/many/route${i + j}/471147114711`)));
    }
    for (let i = 0; i < 4; i++) await app.get(`/many/route${ROUTES - 1}/471147114711`);
    await app.recorded(ROUTES + 4);
    await app.app.get(HistorySampler).sampleNow();
  }, 60_000);
  afterAll(() => app.close());

  async function read<T>(path: string): Promise<T> {
    const { status, body } = await app.get(`${API}/${path}`);
    expectThat(status, `${path}: ${body.slice(0, 200)}`).toBe(200);
    return JSON.parse(body) as T;
  }

  const list = (query: string): Promise<RouteList> => read(`routes?${query}`);

  it('answers several reads in one request as each by itself', async () => {
    const paths = ['routes?limit=5', 'view?name=requests', 'now?range=300000', 'causes', 'view?name=none'];
    const batch = `batch?${String(new URLSearchParams(paths.map((path): [string, string] => ['read', path])))}`;
    // Once more if a sample was taken in between.
    await eventually(async () => {
      const parts = await read<{ status: number; body: unknown }[]>(batch);
      for (const [i, path] of paths.entries()) {
        const { status, body } = await app.get(`${API}/${path}`);
        expectThat(parts[i], path).toEqual({ status, body: JSON.parse(body) as unknown });
      }
      expect(parts[0]?.body).toMatchObject({ omitted: ROUTES - 5 });
      expect(parts.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404]);
    });
    const refused = await app.get(`${API}/batch?of=causes`);
    expect(refused.status).toBe(400);
    expect(refused.body).toContain('got 0');
  });

  it('answers as many as are shown, says how many more there are, and what is worth a look first', async () => {
    const { routes, count, omitted, severities, classes } = await list('limit=20');
    expect([routes.length, count, omitted]).toEqual([20, ROUTES, ROUTES - 20]);
    expect(routes[0]).toMatchObject({
      method: 'GET',
      route: `/many/route${ROUTES - 1}/:id`,
      severity: 'critical',
      now: { requests: 5, errorPercent: 100, classes: { '5xx': 5 }, statuses: { 503: 5 } },
      impact: { failurePercent: 100 },
    });
    expect(routes[0]!.reason).toBe('100 % of 5 requests failed (limit 10 %).');
    expect(severities).toMatchObject({ critical: 1 });
    expect(classes).toEqual({ '2xx': ROUTES - 26, '3xx': 0, '4xx': 25, '5xx': 1 });
    const { body } = await app.get(`${API}/routes?limit=20`);
    expect(body.length).toBeLessThan(20_000);
    expect(body).not.toMatch(/471147114711/);
  });

  it('searches and selects on the server', async () => {
    const found = await list('search=ROUTE49%20get&sort=name');
    // 49 and 490 to 499.
    expect([found.routes.length, found.omitted, found.count]).toEqual([11, 0, ROUTES]);
    expect(found.routes[0]!.route).toBe('/many/route49/:id');
    expect((await list('search=none')).routes).toEqual([]);
    expect((await list('status=4xx&limit=5')).omitted).toBe(20);
    const [last] = (await list('sort=name&order=up&limit=1')).routes;
    expect(last!.route).toBe('/many/route99/:id');
  });

  it('has the page of a route, with its records and its errors', async () => {
    const route = `/many/route${ROUTES - 1}/:id`;
    const parameters = `method=GET&route=${encodeURIComponent(route)}`;
    const { title, row, heatmap, waits, panels } = await read<RoutePage>(`route?${parameters}`);
    expect(title).toBe(`GET ${route}`);
    expect(row).toMatchObject({ severity: 'critical' });
    expect(heatmap!.buckets.flatMap(({ counts }) => counts).reduce((a, b) => a + b)).toBe(5);
    expect(waits).toMatchObject({ recorded: 5, statements: 0, repeated: 0 });
    expect(panels.map((panel) => panel.title)).toContain('Responses');
    const { records } = await read<{ records: { route: string; status: number }[] }>(
      `records?list=failures&${parameters}`,
    );
    expect(records.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    const { errors, omitted } = await read<{
      errors: { message: string; severity: string }[];
      omitted: number;
    }>(`errors?operation=${encodeURIComponent(title)}&sort=severity`);
    expect(errors).toMatchObject([{ message: 'no rates ?', severity: 'critical', isNew: true }]);
    expect(omitted).toBe(0);
  });

  it.each([
    ['routes?sort=__proto__', '`sort` must be one of severity, '],
    ['routes?sort=', '`sort` must be one of '],
    ['routes?status=200', '`status` must be one of 2xx, 3xx, 4xx, 5xx.'],
    ['routes?order=desc', '`order` must be one of down, up.'],
    ['routes?limit=201', '`limit` must be a whole number from 1 to 200.'],
    ['routes?limit=0', '`limit` must be a whole number from 1 to 200.'],
    [`routes?search=${'x'.repeat(201)}`, '`search` must have at most 200 characters.'],
    ['routes?range=0', '`range` must be a finite number of milliseconds above 0.'],
    ['routes?until=yesterday', '`until` must be a time in milliseconds since the Unix epoch.'],
    ['route?method=GET', '`method` and `route` are required.'],
    ['records?route=/x', '`method` and `route` are required.'],
    ['errors?sort=severities', '`sort` must be one of severity, '],
    [`errors?search=${'x'.repeat(201)}`, '`search` must have at most 200 characters.'],
  ])('refuses %.40s', async (path, message) => {
    const { status, body } = await app.get(`${API}/${path}`);
    expect([status, body]).toEqual([400, expect.stringContaining(message)]);
  });

  it.each([
    'route?method=__proto__&route=constructor',
    'route?method=&route=',
    'route?method=GET&route=%00%ff',
  ])('has nothing for %s', async (path) => {
    expect(await read(path)).toMatchObject({ row: null, heatmap: null, waits: null, panels: [] });
  });
});
