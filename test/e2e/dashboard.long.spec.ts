import { gunzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { EndpointsOptions } from 'nestjs-monitoring';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { expectThat } from '../support/expectations.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import type { Answer } from './fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, type StartOptions, startApp } from './fixture/start-app.js';

const PAGE = '/metrics-dashboard';
const API = `${PAGE}/api`;
const INTENT = { 'x-monitoring-request': 'dashboard' };
/** What a script of the page loads with itself, and also what it loads later. */
const STATIC = /from '\.\/([^']+)'/g;
const EVERY = /(?:from |import\(|new URL\()'\.\/([^']+)'/g;
const AUTHORIZED = { authorization: 'Bearer T0ken' };

describe.each(ADAPTERS)('the dashboard on %s', (adapter) => {
  let app: RunningApp;

  afterEach(async () => {
    await app.close();
  });

  async function start(endpoints: EndpointsOptions = {}, options: StartOptions = {}): Promise<void> {
    app = await startApp(adapter, FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints }), options);
  }

  async function read<T = Record<string, unknown>>(path: string): Promise<T> {
    const { status, body } = await app.get(`${API}/${path}`);
    expectThat(status, body).toBe(200);
    return JSON.parse(body) as T;
  }

  /** Asks to keep an alert quiet that there is not. */
  function silence(headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return app.ask({
      method: 'POST',
      path: `${API}/silence`,
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"alert":"none"}',
    });
  }

  /** Takes a sample of the metrics now. */
  function sample(): Promise<void> {
    return app.app.get(HistorySampler).sampleNow();
  }

  /** Loads files of the page, compressed, and what they import. */
  async function load(
    names: readonly string[],
    imported: RegExp,
  ): Promise<{ files: ReadonlySet<string>; bytes: number }> {
    const files = new Set(names);
    let bytes = 0;
    // A set that grows is gone through to its end.
    for (const file of files) {
      const path = file === '' ? PAGE : `${PAGE}/${file}`;
      const { status, bytes: raw, headers } = await app.get(path, { headers: { 'accept-encoding': 'gzip' } });
      expectThat(status, path).toBe(200);
      bytes += raw.length;
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(raw).toString() : raw.toString();
      for (const [, name = ''] of text.matchAll(imported)) files.add(name);
    }
    return { files, bytes };
  }

  describe('page', () => {
    it.each([PAGE, `${PAGE}/`, `/api${PAGE}`])(
      'loads its files by relative URLs, and nothing else: %s',
      async (page) => {
        await start({ useGlobalPrefix: page.startsWith('/api') }, { configure: prefixed });
        const { body, headers } = await app.get(page);

        const policy = headers['content-security-policy'] ?? '';
        expect(policy).toContain("default-src 'none'");
        expect(policy).not.toContain('unsafe');
        expect(headers['x-content-type-options']).toBe('nosniff');
        const addresses = [...body.matchAll(/\b(?:href|src)="([^"#]+)"/g)].map(([, url = '']) => url);
        expect(addresses).toHaveLength(6);
        for (const address of addresses) {
          const url = new URL(address, `http://localhost${page}`);
          expect(url.host).toBe('localhost');
          expectThat((await app.get(url.pathname)).status, url.pathname).toBe(200);
        }
      },
    );

    it('has no inline script or style', async () => {
      await start();
      const { body } = await app.get(PAGE);

      expect(body).toContain('<script');
      expect(body).not.toMatch(/<script(?![^>]*\bsrc=)/);
      expect(body).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/);
      expect(body).not.toContain('{{');
    });

    // Module by module, with comments; what is built is measured in services/dashboard.spec.ts.
    it('imports only existing scripts, and few of them at first', async () => {
      await start();
      const first = ['', 'dashboard.js', 'uplot.js', 'uplot.css', 'dashboard.css', 'icon.svg'];
      const atFirst = await load(first, STATIC);
      expect(atFirst.files.size).toBeGreaterThan(8);
      expect([...atFirst.files].filter((name) => /diagnostics|\.part\.|flame/.test(name))).toEqual([]);
      expect(atFirst.bytes).toBeLessThan(55_000);
      const inTotal = await load(first, EVERY);
      expect(
        [...inTotal.files].filter((name) => /diagnostics|\.part\.|flame/.test(name)).length,
      ).toBeGreaterThan(9);
      expect(inTotal.bytes).toBeLessThan(130_000);
    });
  });

  describe('with auth', () => {
    it('serves only the sign-in page without credentials', async () => {
      await start({ auth: { bearerToken: 'T0ken' } });

      const page = await app.get(PAGE);
      expect(page.status).toBe(401);
      expect(page.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(page.body).toContain('<html');
      for (const path of ['overview', 'view?name=requests', 'metrics', 'metric?name=x', 'alerts', 'events']) {
        expectThat((await app.get(`${API}/${path}`)).status, path).toBe(401);
      }
      expect((await app.get(`${API}/overview`, { headers: AUTHORIZED })).status).toBe(200);
    });

    it('rejects an action without the CSRF header', async () => {
      await start({ auth: { bearerToken: 'T0ken' } });
      expect((await silence()).status).toBe(401);
      expect((await silence(AUTHORIZED)).status).toBe(403);
      expect((await silence({ ...AUTHORIZED, ...INTENT })).status).toBe(404);
    });
  });

  it('denies actions without auth', async () => {
    await start();
    const { status, body } = await silence(INTENT);
    expect(status).toBe(403);
    expect(body).toContain('endpoints.auth');
  });

  describe('its API', () => {
    it('returns the status and its reasons', async () => {
      await start();
      expect(await read('overview')).toMatchObject({
        status: 'healthy',
        reasons: [],
        health: { checks: { lifecycle: { status: 'healthy' } } },
      });
    });

    it('returns the recent requests by endpoint', async () => {
      await start();
      // A rate needs two samples of a series.
      for (let requests = 1; requests <= 3; requests++) {
        await app.get('/ok');
        await app.recorded(requests);
        await sleep(5);
        await sample();
      }

      const { panels } = await read<{ panels: { title: string; times: number[] }[] }>('view?name=requests');
      expect(panels.map(({ title }) => title)).toContain('Request rate');
      const endpoints = await read<{ method: string; route: string }[]>('endpoints?range=60000');
      expect(endpoints).toContainEqual(
        expect.objectContaining({
          method: 'GET',
          route: '/ok',
          errorPercent: 0,
          statuses: { 200: expect.any(Number) },
        }),
      );
      expect(await read('route?method=GET&route=/ok')).toMatchObject({ title: 'GET /ok' });
    });

    it('returns all metrics, and each with its series, whatever its labels are', async () => {
      await start();
      const odd = app.registry.gauge('odd', 'Odd.', { labelNames: ['text', 'kind'] });
      odd.set({ text: '</script>"<', kind: 'a' }, 5);
      odd.set({ text: 'x', kind: 'b' }, 7);
      app.registry.histogram('size', 'Sizes.', { buckets: [1, 5] }).observe(3);

      expect(await read('metrics')).toContainEqual({
        name: 'odd',
        type: 'gauge',
        help: 'Odd.',
        seriesCount: 2,
        labels: [
          { name: 'text', values: 2 },
          { name: 'kind', values: 2 },
        ],
      });
      expect(await read('metric?name=odd&tag=kind:a')).toMatchObject({
        measurements: [{ statistic: 'VALUE', value: 5 }],
        availableTags: [{ tag: 'text', values: ['</script>"<'] }],
        promQl: ['odd{kind="a"}', 'max_over_time(odd{kind="a"}[1h])'],
      });
      expect(await read('metric?name=size')).toMatchObject({ series: [{ count: 1, sum: 3 }] });
    });

    it.each([
      ['view?name=nonsense', 404],
      ['metric?name=nonsense', 404],
      ['metric?name=http_requests_total&tag=method:NONE', 404],
      ['metric?name=http_requests_total&tag=nonsense', 400],
      ['view?name=requests&range=-1', 400],
      ['view?name=requests&range=Infinity', 400],
      ['view?name=__proto__', 404],
    ])('rejects %s with %d', async (path, status) => {
      await start();
      expect((await app.get(`${API}/${path}`)).status).toBe(status);
    });

    it('sends each sample to every open page, and closes the streams at shutdown', async () => {
      await start();
      const url = `http://127.0.0.1:${app.port}${API}/events`;
      const pages = await Promise.all(Array.from({ length: 50 }, () => fetch(url)));
      expect(pages[0]?.headers.get('content-type')).toBe('text/event-stream');
      const texts = pages.map(() => '');
      const ends = pages.map(async ({ body }, i) => {
        for await (const text of body!.pipeThrough(new TextDecoderStream())) texts[i] += text;
      });
      await sample();
      await sleep(5);
      await sample();
      await eventually(() => {
        for (const text of texts) expect(text).toMatch(/^event: overview$/m);
      });
      await app.app.close();
      await Promise.all(ends);
    });
  });
});

function prefixed(nest: INestApplication): void {
  nest.setGlobalPrefix('api');
}
