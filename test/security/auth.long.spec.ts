import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { type EndpointsOptions, MonitoringServer } from 'nestjs-monitoring';
import { EndpointRouter } from '../../lib/http/endpoint.router.js';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { type Answer, head, RawConnection, request } from '../e2e/fixture/http-client.js';
import { ADAPTERS, eventually, startApp } from '../e2e/fixture/start-app.js';

/** What everybody may reach. Whatever is added to the endpoints is either closed or stands here. */
const PAGE_FILES =
  'address.js alerts.view.js areas.js banner.js blocks.js cause-key.js causes.part.js chart-context.js charts.js colors.js connection.js contact.js copies.js dashboard.css dashboard.js data-table.js dependencies.area.js dependency-details.js diagnostics.css elements.js entries.js error-figures.js error.view.js errors.area.js errors.view.js event-loop.part.js events.js explore.area.js flame-tree.js flame.js fleet.css fleet.js format.js health.view.js heatmap.js icon-critical.svg icon-warning.svg icon.svg instances.view.js keys.js last-exit.part.js logs.part.js memory.part.js metrics.view.js now.area.js now.view.js own-panels.js pages.area.js panels.css panels.view.js process-overview.part.js process.area.js process.part.js profiles.part.js record.js route-figures.js route.view.js routes.area.js routes.css routes.view.js row-table.js rule.part.js startup.part.js toolbar.js uplot.css uplot.js waterfall.js';
const OPEN = [
  ...['alive', 'health', 'metrics-dashboard', 'ready', 'startup'].map((path) => `GET /${path}`),
  ...PAGE_FILES.split(' ').map((name) => `GET /metrics-dashboard/${name}`),
];

const PROBES = ['/alive', '/health', '/ready', '/startup'];
const INTENT = { 'x-monitoring-request': 'test', 'content-type': 'application/json' };
const RIGHT = { authorization: 'Bearer T0ken' };

interface Surface {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly restricted: boolean;
}

const PLACES = [
  ...ADAPTERS.map((adapter) => ({ adapter, apart: false })),
  { adapter: 'express', apart: true },
] as const;

describe.each(PLACES)('every monitoring endpoint, on $adapter, apart: $apart', ({ adapter, apart }) => {
  let app: INestApplication | undefined;
  let port = 0;
  let surfaces: readonly Surface[] = [];

  afterEach(() => app?.close());

  async function start(endpoints: EndpointsOptions): Promise<void> {
    const running = await startApp(
      adapter,
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        endpoints: { ...endpoints, failedAuth: false, ...(apart && { listen: { port: 0 } }) },
      }),
    );
    ({ app } = running);
    port = app.get(MonitoringServer).port ?? running.port;
    surfaces = app.get(EndpointRouter).endpoints.map(({ method = 'GET', path, restricted }) => ({
      method,
      path: `/${path}`,
      restricted,
    }));
  }

  function ask({ method, path }: Surface, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const body = method === 'POST' ? { body: '{"alert":"none","silence":"none","level":null}' } : {};
    return request(port, { method, path, headers, ...body });
  }

  it('is either closed or known to be open', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });

    const open = surfaces.filter(({ restricted }) => !restricted);
    expect(open.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(OPEN.toSorted());
    expect(surfaces.length - open.length).toBeGreaterThanOrEqual(13);
  });

  it.each([
    ['nothing', {}],
    ['another token', { authorization: 'Bearer T0ke' }],
    ['the token as a password', { authorization: `Basic ${Buffer.from('T0ken:T0ken').toString('base64')}` }],
    ['the token in a cookie', { cookie: 'authorization=T0ken; token=T0ken' }],
    [
      'what the page remembers, in a header of its own',
      { 'monitoring.token': 'T0ken', 'x-monitoring-request': '1' },
    ],
  ])('answers 401 to who shows %s, and nothing of the application', async (_, shown) => {
    await start({ auth: { bearerToken: 'T0ken' } });

    for (const surface of surfaces.filter(({ restricted }) => restricted)) {
      const headers = { ...shown, ...(surface.method === 'POST' && INTENT) };
      for (const path of [
        surface.path,
        `${surface.path}/`,
        `${surface.path}?token=T0ken&authorization=Bearer+T0ken`,
      ]) {
        const refused = await ask({ ...surface, path }, headers);
        expect([path, refused.status, refused.body]).toEqual([
          path,
          401,
          '{"statusCode":401,"message":"Unauthorized"}',
        ]);
        expect(refused.headers['www-authenticate']).toBe('Bearer realm="monitoring"');
      }
      if (surface.method === 'GET') {
        const headed = await request(port, { method: 'HEAD', path: surface.path, headers });
        expect([surface.path, headed.status]).toEqual([surface.path, 401]);
      }
    }
  });

  it('that is open says no more than a status, or is a file of the page', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });

    for (const path of PROBES) {
      const said = JSON.parse((await ask({ method: 'GET', path, restricted: false })).body) as Record<
        string,
        unknown
      >;
      const { status, timestamp, checks = {}, ...more } = said;
      expect([path, typeof status, more]).toEqual([path, 'string', {}]);
      expect(timestamp === undefined || path === '/health').toBe(true);
      expect(
        Object.values(checks as object)
          .flatMap(Object.keys)
          .filter((key) => key !== 'status'),
      ).toEqual([]);
    }
    const page = await ask({ method: 'GET', path: '/metrics-dashboard', restricted: false });
    expect([page.status, page.headers['www-authenticate']]).toEqual([401, 'Bearer realm="monitoring"']);
    for (const surface of surfaces.filter(
      ({ restricted, path }) => !restricted && /\.(js|css|svg)$/.test(path),
    )) {
      const [before, after] = [await ask(surface), await ask(surface, RIGHT)];
      expect([surface.path, before.status, before.body]).toEqual([surface.path, 200, after.body]);
    }
  });

  it('is not reached by another spelling of its path', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });

    for (const { path } of surfaces.filter(({ restricted, method }) => restricted && method === 'GET')) {
      const spellings = [
        path.toUpperCase(),
        `/${path}`,
        path.replace(/^\/(.)/, (_, letter: string) => `/%${letter.charCodeAt(0).toString(16)}`),
        `${path};jsessionid=1`,
        `/x/..${path}`,
        `${path}//`,
        `${path}/.`,
        `http://127.0.0.1${path}`,
      ];
      for (const spelling of spellings) {
        const connection = new RawConnection(port);
        connection.send(head('GET', spelling, { connection: 'close' }));
        await connection.closed;
        expect([spelling, connection.statuses[0] === 401 || connection.statuses[0] === 404]).toEqual([
          spelling,
          true,
        ]);
      }
    }
  });

  it('lets the bearer of the token in', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });

    for (const surface of surfaces) {
      const { path, method } = surface;
      if (path.endsWith('/api/events')) continue;
      const { status } = await ask(surface, { ...RIGHT, ...(method === 'POST' && INTENT) });
      // Those that want to know what to show or to do, or of which there is none, say so.
      expect([path, [200, 400, 404].includes(status)]).toEqual([path, true]);
    }
  });

  it('closes streams of events to who may not see them, and opens them to who may', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });
    const events = { method: 'GET', path: '/metrics-dashboard/api/events', restricted: true } as const;
    expect((await ask(events)).status).toBe(401);

    const connection = new RawConnection(port);
    connection.send(head('GET', events.path, RIGHT));
    await eventually(() => expect(connection.received).toContain('retry: 2000'));
    expect(connection.received).toMatch(/content-type: text\/event-stream/i);
    connection.destroy();
  });

  it('that changes something wants more than credentials that a browser would add', async () => {
    await start({ auth: { bearerToken: 'T0ken' } });
    const actions = surfaces.filter(({ method }) => method === 'POST');

    expect(actions.length).toBeGreaterThanOrEqual(2);
    for (const action of actions) {
      const forged = await ask(action, { ...RIGHT, 'content-type': 'text/plain' });
      expect([action.path, forged.status]).toEqual([action.path, 403]);
    }
  });

  it('that changes something does not where nobody has to show who they are', async () => {
    await start({});

    for (const action of surfaces.filter(({ method }) => method === 'POST')) {
      expect([action.path, (await ask(action, INTENT)).status]).toEqual([action.path, 403]);
    }
  });
});
