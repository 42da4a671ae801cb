import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Scope } from '@nestjs/common';
import type { EndpointsOptions } from 'nestjs-monitoring';
import { DashboardPanel, type DashboardPanelContent } from 'nestjs-monitoring/dashboard';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { expectThat } from '../support/expectations.js';
import { FixtureModule, WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import type { Answer } from './fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, seriesOf, startApp } from './fixture/start-app.js';

const API = '/metrics-dashboard/api';
const TOKEN = { authorization: 'Bearer T0ken' };
const SENT = { ...TOKEN, 'content-type': 'application/json', 'x-monitoring-request': 'dashboard' };

/** What the panels of a test do. */
const shop = { articles: 3, refills: 0, calls: 0 };

@Injectable()
class WarehousePanels {
  @DashboardPanel({ title: 'Deliveries', page: 'Warehouse', order: 2 })
  async deliveries(): Promise<DashboardPanelContent> {
    return Promise.resolve({
      tables: [{ title: 'Late', columns: ['From', 'Days'], rows: [['<img src=x onerror=alert(1)>', 3]] }],
      charts: [{ title: 'Requests', lines: [{ metric: 'http_requests_total', groupBy: ['route'] }] }],
    });
  }

  @DashboardPanel({ title: 'Stock', page: 'Warehouse', order: 1 })
  stock(): DashboardPanelContent {
    shop.calls++;
    return {
      text: 'Every article that is not sold.',
      figures: [{ title: 'Articles', value: shop.articles, state: shop.articles > 0 ? 'ok' : 'critical' }],
      actions: [
        {
          title: 'Refill',
          confirm: 'Order 10 articles?',
          run: () => {
            shop.refills++;
            shop.articles += 10;
            return `${shop.articles} articles`;
          },
        },
        {
          title: 'Break',
          run: () => {
            throw new Error('no supplier at https://u:hunter2@supplier.test');
          },
        },
      ],
    };
  }
}

@Controller('panels')
class BrokenPanels {
  @DashboardPanel({ title: 'Broken', area: 'now' })
  broken(): DashboardPanelContent {
    throw new Error('not today');
  }

  @DashboardPanel({ title: 'Nonsense', area: 'now' })
  nonsense(): DashboardPanelContent {
    return { markup: '<b>bold</b>' } as DashboardPanelContent;
  }

  @DashboardPanel({ title: 'Hanging', area: 'now', timeoutMs: 30_000 })
  hanging(): Promise<DashboardPanelContent> {
    return new Promise(() => undefined);
  }

  @DashboardPanel({ title: 'Fine', area: 'now', order: -1 })
  fine(): DashboardPanelContent {
    return { text: 'fine' };
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestPanels {
  @DashboardPanel({ title: 'Of a request', area: 'process' })
  ofRequest(): DashboardPanelContent {
    return {};
  }
}

/** Panels whose provider is made by a factory, so that Nest knows no class of it. */
class FactoryPanels {
  @DashboardPanel({ title: 'Of a factory', area: 'process', order: -1 })
  ofFactory(): DashboardPanelContent {
    return { text: 'made' };
  }
}

const MADE = { provide: 'MADE', useFactory: () => new FactoryPanels() };

interface Panels {
  readonly panels: readonly {
    readonly id: string;
    readonly title: string;
    readonly state: string;
    readonly problem?: string;
    readonly content?: {
      readonly figures: readonly { readonly value: unknown }[];
      readonly charts: readonly {
        readonly unit: string;
        readonly series: readonly { readonly name: string }[];
      }[];
      readonly tables: readonly { readonly rows: unknown }[];
      readonly actions: readonly { readonly title: string }[];
    };
  }[];
  readonly canAct: boolean;
}

describe.each(ADAPTERS)('the panels of an application on %s', (adapter) => {
  let app: RunningApp;

  afterEach(async () => {
    await app.close();
  });

  async function start(endpoints: EndpointsOptions = { auth: { bearerToken: 'T0ken' } }): Promise<void> {
    Object.assign(shop, { articles: 3, refills: 0, calls: 0 });
    app = await startApp(
      adapter,
      FixtureModule.with(
        { ...WITHOUT_COLLECTORS, endpoints },
        { controllers: [BrokenPanels], providers: [WarehousePanels, RequestPanels, MADE] },
      ),
    );
  }

  async function read<T = Panels>(path: string): Promise<T> {
    const { status, body } = await app.get(`${API}/${path}`, { headers: TOKEN });
    expectThat(status, body).toBe(200);
    return JSON.parse(body) as T;
  }

  function press(action: string, headers: Readonly<Record<string, string>> = SENT): Promise<Answer> {
    const body = JSON.stringify({ panel: 'WarehousePanels.stock', action });
    return app.ask({ method: 'POST', path: `${API}/panels/action`, headers, body });
  }

  it('are on their pages, in their order, as data, and read once for all readers of a sample', async () => {
    await start();
    const answers = await Promise.all([1, 2, 3].map(() => read('panels?page=Warehouse')));
    const [{ panels, canAct } = { panels: [], canAct: false }] = answers;
    expect(panels.map(({ title, state }) => [title, state])).toEqual([
      ['Stock', 'ready'],
      ['Deliveries', 'ready'],
    ]);
    expect(panels[0]?.content?.figures).toEqual([{ title: 'Articles', value: 3, state: 'ok' }]);
    expect(panels[1]?.content?.tables[0]?.rows).toEqual([['<img src=x onerror=alert(1)>', 3]]);
    expect(panels[0]?.content?.actions).toEqual([
      { title: 'Refill', confirm: 'Order 10 articles?' },
      { title: 'Break' },
    ]);
    expect(canAct).toBe(true);
    expect(shop.calls).toBe(1);
    const { panels: places } = await read<{ panels: unknown }>('overview');
    expect(places).toEqual({
      pages: [{ title: 'Warehouse', panels: 2 }],
      areas: { now: 4, process: 2 },
      omitted: 0,
    });
  });

  it('have charts of the history', async () => {
    await start();
    await app.get('/panels/unknown');
    // The dashboard begins to keep samples in the background.
    await eventually(async () => {
      await app.app.get(HistorySampler).sampleNow();
      const { panels } = await read('panels?page=Warehouse');
      const chart = panels[1]?.content?.charts[0];
      expect(chart).toMatchObject({ unit: 'per second', series: [{ name: '<unmatched>' }] });
    });
  });

  it('fail by themselves, are counted, and delay nothing', async () => {
    await start();
    const { panels } = await read('panels?area=now');
    expect(panels.map(({ title, state, problem }) => [title, state, problem])).toEqual([
      ['Fine', 'ready', undefined],
      ['Broken', 'failed', 'not today'],
      ['Nonsense', 'failed', '`markup` is not known. Known: text, figures, charts, tables, actions.'],
      ['Hanging', 'running', undefined],
    ]);
    expect(seriesOf(app.registry, 'monitoring_callback_errors_total')).toEqual([
      { labels: { callback: '@DashboardPanel() BrokenPanels.broken' }, value: 1 },
      { labels: { callback: '@DashboardPanel() BrokenPanels.nonsense' }, value: 1 },
    ]);
  });

  it('of a request-scoped provider say why they are not shown', async () => {
    await start();
    const { panels } = await read('panels?area=process');
    expect(panels.slice(1)).toEqual([
      {
        id: 'RequestPanels.ofRequest',
        title: 'Of a request',
        state: 'failed',
        problem:
          'Not shown: its provider or one of its dependencies is request-scoped or transient. Give it the default scope.',
      },
    ]);
  });

  it('of a provider that is made by a factory are shown', async () => {
    await start();
    const { panels } = await read('panels?area=process');
    expect(panels[0]).toMatchObject({ title: 'Of a factory', state: 'ready', content: { text: ['made'] } });
  });

  it('act, which is counted, and show what has changed', async () => {
    await start();
    await read('panels?page=Warehouse');
    const pressed = await press('Refill');
    expect([pressed.status, JSON.parse(pressed.body)]).toEqual([200, { message: '13 articles' }]);
    const { panels } = await read('panels?page=Warehouse');
    expect(panels[0]?.content?.figures[0]?.value).toBe(13);
    const broken = await press('Break');
    expect([broken.status, (JSON.parse(broken.body) as { message: string }).message]).toEqual([
      500,
      'no supplier at https://***@supplier.test',
    ]);
    expect((await press('Sell')).status).toBe(404);
    expect(seriesOf(app.registry, 'monitoring_dashboard_actions_total')).toEqual([
      { labels: { panel: 'WarehousePanels.stock', action: 'Refill', outcome: 'success' }, value: 1 },
      { labels: { panel: 'WarehousePanels.stock', action: 'Break', outcome: 'error' }, value: 1 },
    ]);
  });

  it('act for nobody without credentials, from no other origin, and not by a form', async () => {
    await start();
    const { authorization, ...anonymous } = SENT;
    const { 'x-monitoring-request': _, ...form } = SENT;
    expect(authorization).toBe('Bearer T0ken');
    expect((await press('Refill', anonymous)).status).toBe(401);
    expect((await press('Refill', form)).status).toBe(403);
    expect((await press('Refill', { ...SENT, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await press('Refill', { ...SENT, origin: 'https://evil.example' })).status).toBe(403);
    expect((await app.get(`${API}/panels?page=Warehouse`)).status).toBe(401);
    expect(shop.refills).toBe(0);
  });

  it('have no buttons without auth', async () => {
    await start({});
    expect((await read('panels?page=Warehouse')).canAct).toBe(false);
    expect((await press('Refill')).status).toBe(403);
    expect(shop.refills).toBe(0);
  });

  it('are found at known places only', async () => {
    await start();
    const ask = async (path: string) => (await app.get(`${API}/${path}`, { headers: TOKEN })).status;
    expect(await ask('panels?page=Nowhere')).toBe(404);
    expect(await ask('panels?area=home')).toBe(400);
    expect(await ask('panels')).toBe(400);
    expect(await read('panels?area=errors')).toEqual({ panels: [], canAct: true });
  });
});
