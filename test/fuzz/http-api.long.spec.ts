import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EndpointRouter } from '../../lib/http/endpoint.router.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { oddText } from '../metrics/support.js';
import { runs } from './fuzz-runs.js';

const text = fc.oneof(
  oddText,
  fc.constantFrom('http_requests_total', 'given_total', 'size', 'business', 'requests', 'GET', '/users/:id'),
  fc.constantFrom('0', '-1', '1e309', 'NaN', '900000', '1e-9', '9'.repeat(400), 'x'.repeat(5_000)),
  fc.constantFrom(
    'method:GET',
    'a:b',
    ':',
    'route:',
    '__proto__:x',
    'value:"',
    '%',
    '%zz',
    '%00',
    '+',
    '&',
    '#',
  ),
);
const key = fc.oneof(
  fc.constantFrom('name', 'range', 'tag', 'method', 'route', 'name[]', '__proto__', 'toString'),
  text,
);

/** A query, well formed or not. */
const query = fc.oneof(
  fc
    .array(fc.tuple(key, text), { maxLength: 5 })
    .map((pairs) =>
      pairs.map((pair) => pair.map((part) => encodeURIComponent(part.toWellFormed())).join('=')).join('&'),
    ),
  fc.string({ unit: fc.constantFrom(...'= & ? % ; [ ] + n a m e 0 f /'.split(' ')), maxLength: 20 }),
);

const body = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc
    .record(
      {
        alert: fc.oneof(text, fc.jsonValue()),
        durationMs: fc.oneof(fc.double(), fc.jsonValue()),
        comment: fc.jsonValue(),
        silence: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '1',
    '"x"',
    '{"__proto__":{"a":1}}',
    '{"alert":{"__proto__":null}}',
    '['.repeat(5_000),
  ),
  oddText,
);

const header = fc.constantFrom(
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=nonsense',
  'nonsense',
  '',
);

/** Files and streams have nothing to do with what is asked. */
function isDynamic({ path }: { readonly path: string }): boolean {
  return !/\.(js|css|svg)$|\/events$/.test(path);
}

describe.each(ADAPTERS)('whatever is asked of the endpoints on %s', (adapter) => {
  const agent = new Agent({ keepAlive: true });
  const authorized = { authorization: 'Bearer T0ken', 'x-monitoring-request': 'fuzz' };
  let app: RunningApp;
  let gets: string[] = [];
  let posts: string[] = [];

  beforeAll(async () => {
    app = await startApp(
      adapter,
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        endpoints: { auth: { bearerToken: 'T0ken' } },
        alerting: {
          rules: [
            {
              name: 'any',
              condition: { metric: 'given_total', operator: '>=', threshold: 0 },
              severity: 'warning',
              allowMissingMetric: true,
              message: 'm',
            },
          ],
        },
      }),
    );
    app.registry.counter('given_total', 'Given.', { labelNames: ['value'] }).inc({ value: '"' });
    app.registry.histogram('size', 'Sizes.').observe(1);
    await app.get('/users/7');
    await app.app.get(HistorySampler).sampleNow();
    const { endpoints } = app.app.get(EndpointRouter);
    gets = endpoints
      .filter((each) => each.method !== 'POST' && isDynamic(each))
      .map(({ path }) => `/${path}`);
    posts = endpoints.filter(({ method }) => method === 'POST').map(({ path }) => `/${path}`);
  });

  afterAll(async () => {
    agent.destroy();
    await app.close();
  });

  it('by any query, there is an answer that is no failure of the server', async () => {
    expect(gets.length).toBeGreaterThan(12);
    await fc.assert(
      fc.asyncProperty(fc.nat(), query, async (which, search) => {
        const path = `${gets[which % gets.length]}?${search}`;
        const { status, headers, body: answered } = await app.ask({ path, headers: authorized, agent });
        expect([path, status < 500]).toEqual([path, true]);
        if (/json/.test(headers['content-type'] ?? '')) JSON.parse(answered);
      }),
      runs(2),
    );
  });

  it('by any body, there is an answer that is no failure of the server', async () => {
    expect(posts.length).toBeGreaterThanOrEqual(2);
    await fc.assert(
      fc.asyncProperty(fc.nat(), body, header, async (which, sent, type) => {
        const path = posts[which % posts.length] ?? '';
        const headers = { ...authorized, ...(type !== '' && { 'content-type': type }) };
        const { status } = await app.ask({ path, method: 'POST', headers, body: sent, agent });
        expect([path, sent, type, status < 500]).toEqual([path, sent, type, true]);
      }),
      runs(2),
    );
  });

  it('the application still serves, and nothing of its objects is changed', async () => {
    expect((await app.get('/ok')).status).toBe(200);
    expect((await app.get('/metrics', { headers: authorized })).status).toBe(200);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
