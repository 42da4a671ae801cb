import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from './fixture/start-app.js';

const SENT = { 'content-type': 'application/json', 'x-monitoring-request': 'dashboard' };
const AUTHORIZED = { ...SENT, authorization: `Basic ${Buffer.from('ops:pw').toString('base64')}` };
const ACTIONS = ['silence', 'unsilence'];

async function statusOf(app: RunningApp, action: string, headers: Readonly<Record<string, string>>) {
  const path = `/metrics-dashboard/api/${action}`;
  return (await app.ask({ method: 'POST', path, headers, body: '{"alert":"none","silence":"none"}' })).status;
}

describe.each(ADAPTERS)('an action of the dashboard on %s', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    const auth = { basic: { username: 'ops', password: 'pw' } };
    app = await startApp(adapter, FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints: { auth } }));
  });
  afterAll(() => app.close());

  it.each<[string, Record<string, string>]>([
    [
      'the page of another host of the site',
      { 'sec-fetch-site': 'same-site', origin: 'https://shop.example.com' },
    ],
    ['the page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    [
      'a page of another host, from a browser that names no site',
      { origin: 'https://shop.example.com', host: 'ops.example.com' },
    ],
    ['a page of another port', { origin: 'http://ops.example.com:8080', host: 'ops.example.com' }],
    [
      'a page of the plain port to the TLS port',
      { origin: 'http://ops.example.com', host: 'ops.example.com:443' },
    ],
    ['a file or a sandboxed frame', { origin: 'null' }],
    ['an origin that is no URL', { origin: 'ops' }],
    [
      'the page of another host, behind a proxy',
      { origin: 'https://evil.example', host: 'app:3000', 'x-forwarded-host': 'ops.example.com' },
    ],
  ])('is refused from %s, with valid credentials', async (_, headers) => {
    for (const action of ACTIONS)
      expect(await statusOf(app, action, { ...AUTHORIZED, ...headers })).toBe(403);
  });

  it.each<[string, Record<string, string>]>([
    ['its own page', { 'sec-fetch-site': 'same-origin' }],
    [
      'its own page, in a browser that names no site',
      { origin: 'http://ops.example.com:3000', host: 'ops.example.com:3000' },
    ],
    ['its own page at the default port', { origin: 'https://ops.example.com', host: 'ops.example.com:443' }],
    [
      'its own page, behind a proxy that replaces the host',
      { origin: 'https://ops.example.com', host: 'app:3000', 'x-forwarded-host': 'ops.example.com' },
    ],
    [
      'its own page, behind a proxy that hides the host',
      { 'sec-fetch-site': 'same-origin', origin: 'https://ops.example.com', host: 'app:3000' },
    ],
    ['a client that is no browser', {}],
  ])('is allowed from %s', async (_, headers) => {
    for (const action of ACTIONS)
      expect(await statusOf(app, action, { ...AUTHORIZED, ...headers })).toBe(404);
  });
});

describe.each(ADAPTERS)('an action of a dashboard without auth on %s', (adapter) => {
  it('is refused whatever the host, so that a name that is rebound to this address gains nothing', async () => {
    const app = await startApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS));
    try {
      for (const host of ['127.0.0.1', 'localhost:3000', 'evil.example']) {
        for (const action of ACTIONS) {
          expect(await statusOf(app, action, { ...SENT, host, origin: `http://${host}` })).toBe(403);
        }
      }
    } finally {
      await app.close();
    }
  });
});
