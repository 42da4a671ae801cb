import type { Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
import { type Gauge, MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { DashboardPanel, type DashboardPanelContent } from 'nestjs-monitoring/dashboard';
import type { APIResponse } from 'playwright-core';
import { eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { expectThat } from '../support/expectations.js';
import { LAST_EXIT } from './fixture/diagnostics-answers.js';
import { describeWith } from './support/binaries.js';
import { Browser, goTo } from './support/browser.js';

/** A page may have to wait for the next sample, on a machine that is busy. */
const PATIENCE_MS = 100_000;

const ROUTE = `routes/GET/${encodeURIComponent('/shop/failing/:as')}`;

/** Places with what is loaded later; with the one that is opened after them as many as the page keeps for the time without contact. */
const PLACES = [
  'now',
  'now/alerts',
  'now/health',
  'routes',
  ROUTE,
  'errors',
  'errors/operations',
  'dependencies',
  'process',
  'process/event-loop',
  'process/memory',
  'process/profiles',
  'process/process',
  'process/runtime',
  'process/system',
  'process/last-exit',
  'process/startup',
  'explore/cardinality',
  'pages/Shop',
];

describeWith(['chromium'], 'the updates of the dashboard in a browser', () => {
  let browser: Browser;
  let app: RunningApp;

  beforeAll(async () => {
    browser = await Browser.start();
  }, 60_000);

  afterAll(async () => {
    await browser.stop();
  });

  beforeEach(async () => {
    app = await startApp('express', ShopModule);
    await failTwice();
  }, 60_000);

  afterEach(async () => {
    await app.close();
  });

  async function failTwice(): Promise<void> {
    for (const as of ['TypeError', 'RangeError']) await app.get(`/shop/failing/${as}`);
  }

  function urlOf(place: string): string {
    return `http://127.0.0.1:${app.port}/metrics-dashboard#/${place}`;
  }

  it('keep each cause of the failures of a route', async () => {
    const { page } = await browser.open(urlOf('now'));
    const causes = page.locator('.problems li');
    const cause = (error: string, count: string) =>
      causes.filter({ hasText: error }).filter({ hasText: count });
    for (const error of ['TypeError', 'RangeError']) {
      await cause(error, '1 failed').waitFor({ timeout: PATIENCE_MS });
    }
    await failTwice();
    for (const error of ['TypeError', 'RangeError']) {
      await cause(error, '2 failed').waitFor({ timeout: PATIENCE_MS });
    }
    expect(await causes.filter({ hasText: 'GET /shop/failing/:as' }).count()).toBe(2);
    await page.close();
  }, 120_000);

  it.each([
    ['of the errors', 'errors', 'tr'],
    ['of an error', 'errors/groups', '.facts'],
    ['of a route', ROUTE, '.error-items li'],
  ])(
    'say how old what does not change has become: the page %s',
    async (_, place, part) => {
      const { page } = await browser.open('about:blank');
      const answers = new Map<string, APIResponse>();
      await page.route(/\/api\/(?:batch|errors|error)\?/, async (route) => {
        const url = route.request().url();
        const response = answers.get(url) ?? (await route.fetch());
        answers.set(url, response);
        await route.fulfill({ response });
      });
      await page.goto(urlOf(place));
      if (place === 'errors/groups') {
        await page.getByRole('link', { name: 'TypeError' }).click({ timeout: PATIENCE_MS });
      }
      const shown = page.locator(part).filter({ hasText: / ago/ }).first();
      await shown.waitFor({ timeout: PATIENCE_MS });
      const before = await shown.innerText();
      await eventually(async () => expect(await shown.innerText()).not.toBe(before), PATIENCE_MS);
      await page.unrouteAll({ behavior: 'wait' });
      await page.close();
    },
    120_000,
  );

  it('draw the panels of the application in the colors of the system', async () => {
    // Paused, so that nothing else draws them.
    const { page } = await browser.open(urlOf('pages/Shop?pause=1'));
    await page.emulateMedia({ colorScheme: 'light' });
    const picture = () => page.evaluate<string>("document.querySelector('main canvas').toDataURL()");
    await page.locator('main canvas').first().waitFor({ timeout: PATIENCE_MS });
    let light = '';
    await eventually(async () => {
      const before = light;
      light = await picture();
      expect(light).toBe(before);
    });
    await page.emulateMedia({ colorScheme: 'dark' });
    await eventually(async () => expect(await picture()).not.toBe(light));
    await page.close();
  }, 120_000);

  it('keep what the panels of the application say, with what is missing for their buttons', async () => {
    const { page } = await browser.open(urlOf('pages/Shop'));
    const note = page.getByText('Set endpoints.auth to use the buttons of this panel.');
    await note.waitFor({ timeout: PATIENCE_MS });
    await page.evaluate("for (const each of document.querySelectorAll('main p')) each.isKept = true");
    const figure = page.locator('.tile .value');
    const before = await figure.innerText();
    await eventually(async () => expect(await figure.innerText()).not.toBe(before), PATIENCE_MS);
    const kept = await page.evaluate<string[]>(
      "[...document.querySelectorAll('main p')].filter((each) => each.isKept).map((each) => each.innerText)",
    );
    expect(kept).toEqual(expect.arrayContaining([await note.innerText(), 'All is well.']));
    await page.close();
  }, 120_000);

  it('show each of several parts with one name', async () => {
    const { page } = await browser.open(urlOf('pages/Shop'));
    await page.locator('main canvas').first().waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('main .legend .name').allInnerTexts()).toEqual(['orders', 'refunds']);
    const texts = await page.evaluate<string[]>(`(async () => {
      const { element, patch } = await import(new URL('elements.js', document.querySelector('script').src));
      const list = element('ul');
      const update = (...names) => patch(list, ...names.map((name) => element('li', { 'data-key': 'one' }, name)));
      update('a', 'b');
      update('c', 'd', 'e');
      const longer = list.innerText;
      update('f');
      return [longer, list.innerText];
    })()`);
    expect(texts).toEqual(['cde', 'f']);
    await page.close();
  }, 120_000);

  it('draw the shares of the series as the policy of the page allows', async () => {
    const { page, offences } = await browser.open(urlOf('explore/cardinality'));
    const row = page.getByRole('row').filter({ hasText: 'shop_visitors' });
    const bar = row.locator('.bar-cell');
    const share = async () => (await bar.boundingBox())!.width;
    await bar.waitFor({ timeout: PATIENCE_MS });
    const before = await share();
    await app.get('/shop/visiting/200');
    await row.filter({ hasText: '201' }).waitFor({ timeout: PATIENCE_MS });
    expect(await share()).toBeGreaterThan(before);
    expect(offences).toEqual({ console: [], foreign: [] });
    await page.close();
  }, 120_000);

  it('leave every place as it was shown last once there is no contact', async () => {
    const { page } = await browser.open('about:blank');
    await page.route('**/api/diagnostics/last-exit?*', (route) => route.fulfill({ json: LAST_EXIT }));
    await page.goto(urlOf(PLACES[0]!));
    const shapes: string[][] = [];
    for (const [i] of PLACES.entries()) {
      await page.locator('main h1').first().waitFor({ timeout: PATIENCE_MS });
      // Its second update may bring less than its first one.
      for (let update = 0; update < 2; update++) {
        await page.evaluate("document.querySelector('#live').textContent = ''");
        await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });
      }
      shapes.push(await page.evaluate<string[]>(leaveFor(PLACES[i + 1] ?? 'explore')));
    }

    const server = app.app.getHttpServer() as Server;
    server.close();
    server.closeAllConnections();
    await page.unrouteAll({ behavior: 'wait' });
    await page.getByText(/^No contact for \d+ s$/).waitFor({ timeout: PATIENCE_MS });

    const lost: string[] = [];
    for (const [i, place] of PLACES.entries()) {
      await goTo(page, place);
      // What Now shows has come with each update, wherever the page was.
      const expected = place.startsWith('now') ? expect.arrayContaining(shapes[i]!) : shapes[i];
      await page.locator('main h1, main .state h2').first().waitFor({ timeout: PATIENCE_MS });
      await eventually(
        async () => expect(await page.evaluate<string[]>(SHAPE)).toEqual(expected),
        10_000,
      ).catch((error: unknown) => lost.push(`${place}: ${String(error)}`));
    }
    expect(lost).toEqual([]);
    expectThat(shapes.flat().length, 'headings').toBeGreaterThan(60);
    await page.close();
  }, 400_000);
});

/** What a place shows: its headings and captions, without numbers and the verdict of the moment. */
const SHAPE = `[...document.querySelectorAll('main h1:not(.banner h1), main h2, main caption')]
  .map((each) => each.textContent.replaceAll(/[\\d.,]+/g, '').trim())`;

/** Returns a script that goes to another place at once, and returns what was shown until then. */
function leaveFor(place: string): string {
  return `(() => {
    const shape = ${SHAPE};
    location.hash = '#/${place}';
    dispatchEvent(new HashChangeEvent('hashchange'));
    return shape;
  })()`;
}

@Injectable()
class ShopPanels {
  private reads = 0;

  @DashboardPanel({ title: 'Orders', page: 'Shop' })
  orders(): DashboardPanelContent {
    const now = Date.now();
    const times = [now - 60_000, now - 30_000, now];
    return {
      text: ['All is well.'],
      figures: [{ title: 'Reads', value: ++this.reads }],
      charts: [
        { title: 'Last minute', times, series: [{ name: 'orders', values: [1, 3, 2] }] },
        { title: 'Last minute', times, series: [{ name: 'refunds', values: [1, 0, 0] }] },
      ],
      actions: [{ title: 'Close', run: () => 'Closed.' }],
    };
  }
}

@Controller('shop')
class ShopController {
  private readonly visitors: Gauge<'name'>;

  constructor(registry: MetricsRegistry) {
    this.visitors = registry.gauge('shop_visitors', 'Visitors.', { labelNames: ['name'] });
    this.visitors.set({ name: 'first' }, 1);
  }

  @Get('failing/:as')
  failing(@Param('as') as: string): never {
    throw as === 'TypeError' ? new TypeError('No such article.') : new RangeError('Too many.');
  }

  @Get('visiting/:count')
  visiting(@Param('count') count: string): string {
    for (let i = 0; i < Number(count); i++) this.visitors.set({ name: String(i) }, 1);
    return count;
  }
}

@Module({
  imports: [MonitoringModule.forRoot({ history: { intervalMs: 500 } })],
  controllers: [ShopController],
  providers: [ShopPanels],
})
class ShopModule {}
