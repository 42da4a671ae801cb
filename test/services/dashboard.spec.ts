import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type DynamicModule, Get, Module, Param } from '@nestjs/common';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import type { Page, Request } from 'playwright-core';
import { DASHBOARD } from '../../lib/module/lazily-loaded.token.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { expectThat } from '../support/expectations.js';
import { violations } from './support/axe.js';
import { describeWith } from './support/binaries.js';
import { Browser, goTo, type Offences } from './support/browser.js';
import { buildSampleApp } from './support/built.js';
import { SampleAppServer } from './support/sample-app.server.js';

const CLEAN: Offences = { console: [], foreign: [] };
/** A page may have to wait for the next sample, on a machine that is busy. */
const PATIENCE_MS = 100_000;

const VIEWS = [
  ['now', '^(Healthy|Degraded|Unhealthy|Critical)'],
  ['now/alerts', 'Alerts'],
  ['now/health', 'Health'],
  ['routes', 'Routes'],
  ['errors', 'Errors'],
  ['dependencies', 'Dependencies'],
  ['dependencies/database', 'Database'],
  ['dependencies/cache', 'Cache'],
  ['dependencies/jobs', 'Jobs and messages'],
  ['process', 'Process'],
  ['process/runtime', 'Runtime'],
  ['process/system', 'System'],
  ['process/event-loop', 'Event loop'],
  ['explore', 'Metrics'],
  ['explore/business', 'Business'],
  ['explore/cardinality', 'Cardinality'],
  ['pages/Sales', 'Sales'],
] as const;

/** All areas, with what is loaded later, but for the profiles. */
const TABS = [
  'now/alerts',
  'now/health',
  'now/instances',
  'routes',
  `routes/GET/${encodeURIComponent('/api/deals/:id')}`,
  'errors',
  'errors/operations',
  'dependencies',
  'process/event-loop',
  'process/memory',
  'process/process',
  'process/last-exit',
  'process/startup',
  'process/log-levels',
  'process',
  'explore/cardinality',
  'explore/metrics/http_requests_total',
  'pages/Sales',
  'explore',
];

describeWith(['chromium'], 'the dashboard in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await Browser.start();
  }, 60_000);

  afterAll(async () => {
    await browser.stop();
  });

  describe('of the sample application under load', () => {
    let server: SampleAppServer;

    beforeAll(async () => {
      await buildSampleApp();
      server = await SampleAppServer.start('express');
      await server.load({ requests: 1_000, seed: 7 });
    }, 240_000);

    afterAll(async () => {
      // A busy Chromium holds connections on which it has not asked for anything; Node.js waits for them.
      await browser.stop();
      await server.stop();
      browser = await Browser.start();
    }, 60_000);

    it.each(VIEWS)(
      'shows the view %s without an error, a warning or a foreign request',
      async (view, title) => {
        const { page, offences } = await browser.open(`${server.url}/metrics-dashboard#/${view}`);
        await page
          .getByRole('heading', { level: 1, name: new RegExp(title) })
          .waitFor({ timeout: PATIENCE_MS });
        expect(await page.getByText('Could not load this view').count()).toBe(0);
        expect(offences).toEqual(CLEAN);
        await page.close();
      },
    );

    it('draws the requests, and links each endpoint to its page', async () => {
      const { page, offences } = await browser.open(`${server.url}/metrics-dashboard#/routes`);
      const link = page.getByRole('link', { name: 'GET /api/deals/:id', exact: true });
      await link.waitFor({ timeout: PATIENCE_MS });
      await page.locator('figure canvas').nth(2).waitFor({ timeout: PATIENCE_MS });
      await link.click();
      await page.getByRole('heading', { level: 1, name: 'GET /api/deals/:id' }).waitFor();
      await page.locator('.legend', { hasText: '200' }).first().waitFor({ timeout: PATIENCE_MS });
      expect(offences).toEqual(CLEAN);
      await page.close();
    });

    it('searches and sorts the routes on the server, and has both in the address', async () => {
      const { page, offences } = await browser.open(`${server.url}/metrics-dashboard#/routes`);
      const rows = page.getByRole('table', { name: 'Routes' }).locator('tbody tr');
      await rows.first().waitFor({ timeout: PATIENCE_MS });
      const all = await rows.count();
      await page.keyboard.press('/');
      await page.keyboard.type('export');
      await eventually(async () => expect(await rows.count()).toBe(1), PATIENCE_MS);
      expect(await rows.innerText()).toContain('GET /api/deals/export.csv');
      expect(page.url()).toContain('search=export');
      await page.getByLabel('Search routes').fill('');
      await eventually(async () => expect(await rows.count()).toBe(all), PATIENCE_MS);
      await page.getByRole('button', { name: 'p95', exact: true }).click();
      const head = page.getByRole('columnheader', { name: 'p95' });
      await page.locator('th[aria-sort=descending]', { hasText: 'p95' }).waitFor({ timeout: PATIENCE_MS });
      await page.reload();
      await rows.first().waitFor({ timeout: PATIENCE_MS });
      await eventually(async () => {
        expect(await head.getAttribute('aria-sort')).toBe('descending');
        expect(await rows.count()).toBe(all);
      });
      await page.getByRole('button', { name: /^4xx \(/ }).click();
      await page
        .getByRole('link', { name: 'GET /api/users/:id', exact: true })
        .waitFor({ state: 'detached' });
      expect(offences).toEqual(CLEAN);
      await page.close();
    }, 120_000);

    it('says where the time of a route goes, and keeps what is open', async () => {
      const { page, offences } = await browser.open(
        `${server.url}/metrics-dashboard#/routes/GET/${encodeURIComponent('/api/deals/:id')}`,
      );
      await page
        .getByRole('list', { name: 'Time by what it was spent on' })
        .waitFor({ timeout: PATIENCE_MS });
      await page.locator('.heatmap rect').first().waitFor({ state: 'attached', timeout: PATIENCE_MS });
      // One that was refused before it asked the database can be the slowest, too.
      await page
        .locator('.entry > summary', { hasText: /→ (?:200|404)/ })
        .first()
        .click();
      await page.locator('.waterfall .call').first().waitFor({ timeout: PATIENCE_MS });
      await page.evaluate("document.querySelector('.waterfall').dataset.kept = 'yes'");
      await page.evaluate("document.querySelector('#live').textContent = ''");
      await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });
      expect(await page.locator('.waterfall[data-kept=yes]').count()).toBe(1);
      for (const [colorScheme, width] of [
        ['light', 1280],
        ['dark', 360],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await expectToFit(page, width, colorScheme);
        expectThat(await violations(page), `${colorScheme}, ${width}`).toEqual([]);
      }
      expect(offences).toEqual(CLEAN);
      await page.close();
    }, 120_000);

    it('keeps what is shown in the address, and goes back to what was shown before', async () => {
      const { page, offences } = await browser.open(`${server.url}/metrics-dashboard`);
      const heading = (name: string) => page.getByRole('heading', { level: 1, name });
      await page.locator('figure canvas').first().waitFor({ timeout: PATIENCE_MS });
      const answered = page.waitForResponse((response) =>
        /view\?.*range=300000/.test(decodeURIComponent(response.url())),
      );
      await page.getByRole('button', { name: '5 min', exact: true }).click();
      expect(page.url()).toContain('range=300000');
      await (await answered).finished();
      await untilShown(page);
      const plot = page.locator('.u-over').first();
      // Waits until the plot has its place.
      await plot.hover();
      const box = (await plot.boundingBox())!;
      const at = (share: number) => ({ position: { x: box.width * share, y: 40 } });
      await plot.hover(at(0.3));
      await page.mouse.down();
      await plot.hover(at(0.5));
      await plot.hover(at(0.7));
      await page.mouse.up();
      await page.locator('.fixed-range').waitFor();
      const zoomed = new URL(page.url()).hash;
      const { from, to } = Object.fromEntries(new URLSearchParams(zoomed.split('?')[1]));
      expect((Number(to) - Number(from)) / 300_000).toBeCloseTo(0.4, 1);
      // At once, since the second key has to come in time.
      await Promise.all([page.keyboard.press('g'), page.keyboard.press('x')]);
      await heading('Metrics').waitFor({ timeout: PATIENCE_MS });
      expect(page.url()).toContain(`from=${from}`);
      await page.keyboard.press('/');
      await page.keyboard.type('deals_won');
      await page.getByRole('link', { name: 'deals_won_total' }).waitFor();
      expect(page.url()).toContain('search=deals_won');
      await page.goBack();
      await page.getByRole('region', { name: 'Verdict' }).waitFor({ timeout: PATIENCE_MS });
      expect(new URL(page.url()).hash).toBe(zoomed);
      await page.keyboard.press('Escape');
      await page.locator('.fixed-range').waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('Compare with the range before').waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
      expect(offences).toEqual(CLEAN);
      await page.close();
    }, 120_000);

    it('makes a rule of a chart, saves an incident, and loads little', async () => {
      const sizes: Promise<number>[] = [];
      const total = async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
      const { page } = await browser.open('about:blank');
      const sizeOf = async (request: Request): Promise<number> =>
        (await request.response()) === null ? 0 : (await request.sizes()).responseBodySize;
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        // One that its page has given up has no size.
        if (/\.(js|css|svg)$|dashboard$/.test(pathname)) sizes.push(sizeOf(request).catch(() => 0));
      });
      // The pages before have left everything in the cache of the browser.
      await (await page.context().newCDPSession(page)).send('Network.clearBrowserCache');
      await page.goto(`${server.url}/metrics-dashboard`);
      await page.locator('figure canvas').first().waitFor({ timeout: PATIENCE_MS });
      expect(await total()).toBeGreaterThan(30_000);
      expect(await total()).toBeLessThan(50_000);
      for (const tab of TABS) {
        await goTo(page, tab);
        await page.locator('main h1').first().waitFor({ timeout: PATIENCE_MS });
      }
      // What a place loads once it is shown comes a little later.
      let inAll = 0;
      await eventually(
        async () => {
          const before = inAll;
          inAll = await total();
          expect(inAll).toBe(before);
        },
        { interval: 1_000 },
      );
      expect(inAll).toBeLessThan(90_000);
      // What the browser has is asked for again, and not sent again.
      await page.reload();
      await page.locator('main h1').first().waitFor({ timeout: PATIENCE_MS });
      expect((await total()) - inAll).toBeLessThan(5_000);
      await page.evaluate("location.hash = '#/now'");
      await page.getByText('More', { exact: true }).click();
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save incident as JSON' }).click();
      expect((await downloading).suggestedFilename()).toMatch(/^incident-[\w.-]+\.json$/);
      await page.evaluate("location.hash = '#/explore/metrics/http_requests_total'");
      await page.getByLabel('Threshold').fill('0.001');
      await page.getByRole('button', { name: 'Try it' }).click();
      await page.getByText(/Would have fired \d+ ×/).waitFor({ timeout: PATIENCE_MS });
      await page.getByText("name: 'http_requests_total_above'").waitFor();
      await page.close();
    }, 120_000);

    it('filters the metrics, and shows the PromQL of one', async () => {
      const { page } = await browser.open(`${server.url}/metrics-dashboard#/explore/metrics`);
      await page.getByLabel('Filter metrics').fill('deals_won');
      await page.getByRole('link', { name: 'deals_won_total' }).click();
      await page.getByText('sum (rate(deals_won_total[5m]))').waitFor({ timeout: PATIENCE_MS });
      await page.close();
    });

    it.each([
      'now',
      'routes',
      'errors',
      'now/health',
      'explore',
      'explore/metrics/http_requests_total?rule.threshold=1',
      'now?kiosk=1&compare=1&utc=1',
      'dependencies',
      'process',
      'pages/Sales',
    ])('is accessible and fits the screen, in light and dark, wide and narrow: %s', async (view) => {
      const { page } = await browser.open(`${server.url}/metrics-dashboard#/${view}`);
      await page.locator('main h1').waitFor({ timeout: PATIENCE_MS });
      for (const [colorScheme, width] of [
        ['light', 1280],
        ['dark', 1280],
        ['light', 390],
      ] as const) {
        const about = `${colorScheme}, ${width}`;
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await expectToFit(page, width, about);
        expectThat(await violations(page), about).toEqual([]);
        expectThat(await page.evaluate<string[]>(CLIPPED), about).toEqual([]);
      }
      await page.close();
    });

    it('marks everything as old once the application is gone, keeps what it has shown, and names its successor', async () => {
      const gone = await SampleAppServer.start('fastify');
      const { page } = await browser.open(`${gone.url}/metrics-dashboard`);
      await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });
      await page.evaluate("location.hash = '#/now/health'");
      const checks = page.getByRole('table', { name: 'Health checks' });
      await checks.waitFor({ timeout: PATIENCE_MS });
      await page.evaluate("location.hash = '#/now'");
      await page.getByRole('region', { name: 'Verdict' }).waitFor({ timeout: PATIENCE_MS });

      await gone.crash();
      await page.getByText(/^No contact for \d+ s$/).waitFor({ timeout: PATIENCE_MS });
      await page.getByText('Connection lost').waitFor();
      expect(await page.locator('body.without-contact main').count()).toBe(1);
      // The last that it has is shown from here on: the verdict of a busy machine may have changed until then.
      const titles: string[] = [];
      for (let visit = 0; visit < 2; visit++) {
        await page.evaluate("location.hash = '#/now/health'");
        await checks.waitFor({ timeout: PATIENCE_MS });
        await page.evaluate("location.hash = '#/now'");
        // Whatever stands before it says that it is old.
        const heading = page.getByRole('heading', { level: 1, name: /Healthy|Degraded|Unhealthy|Critical/ });
        await heading.waitFor({ timeout: PATIENCE_MS });
        titles.push(await heading.innerText());
      }
      expect(titles[1]).toBe(titles[0]);
      await page.evaluate("location.hash = '#/process/runtime'");
      await page.getByText('The application does not answer.', { exact: false }).waitFor();
      await page.getByText(/^No contact for ([3-9]|\d\d+) s$/).waitFor({ timeout: PATIENCE_MS });

      const successor = await SampleAppServer.start('fastify', {}, Number(new URL(gone.url).port));
      await page.getByText(/The application was restarted at/).waitFor({ timeout: PATIENCE_MS });
      await page.getByRole('heading', { level: 1, name: 'Runtime' }).waitFor({ timeout: PATIENCE_MS });
      await page.locator('body:not(.without-contact)').waitFor({ timeout: PATIENCE_MS });
      await page.close();
      await successor.stop();
    }, 120_000);
  });

  describe.each(ADAPTERS)('of an application on %s', (adapter) => {
    let app: RunningApp;

    afterEach(async () => {
      await app.close();
    });

    it('shows hostile labels, help texts and routes as plain text', async () => {
      app = await startApp(adapter, HostileModule);
      const url = `http://127.0.0.1:${app.port}`;
      await app.get(`/evil/${encodeURIComponent(ATTACK)}`);
      await app.get(`/evil/long/${LONG}`);
      for (const path of [
        'explore/metrics',
        'explore/metrics/hostile',
        'explore/cardinality',
        'explore/business',
        'routes',
        'errors',
        'now',
      ]) {
        const { page, offences } = await browser.open(`${url}/metrics-dashboard#/${path}`);
        await page.locator('main h1').first().waitFor({ timeout: PATIENCE_MS });
        expectThat(await page.evaluate(() => 'pwned' in globalThis), path).toBe(false);
        expectThat(await page.locator('main img, main script').count(), path).toBe(0);
        expectThat(offences, path).toEqual(CLEAN);
        await page.setViewportSize({ width: 360, height: 740 });
        if (path === 'now') {
          // It is named for two minutes after its last failure.
          await app.get(`/evil/long/${LONG}`);
          const verdict = page.getByRole('region', { name: 'Verdict' });
          const short = verdict.getByRole('button', { name: /^GET .*…/ }).first();
          await short.click({ timeout: PATIENCE_MS });
          const whole = { name: `GET /evil/long/${LONG}`, expanded: true };
          await verdict.getByRole('button', whole).first().waitFor({ timeout: PATIENCE_MS });
        }
        await expectToFit(page, 360, path);
        if (path === 'explore/metrics/hostile') {
          await page.getByText(ATTACK).first().waitFor({ timeout: PATIENCE_MS });
        }
        await page.close();
      }
    }, 120_000);

    it('has one connection for all its pages in a browser, and none for one that is hidden', async () => {
      app = await startApp(adapter, HostileModule);
      const { feed } = app.app.get(DASHBOARD);
      const { events } = feed;
      const pages: Page[] = [];
      for (let i = 0; i < 7; i++) {
        pages.push((await browser.open(`http://127.0.0.1:${app.port}/metrics-dashboard#/now/health`)).page);
      }
      for (const page of pages) {
        await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });
        await page.getByRole('table', { name: 'Health checks' }).waitFor({ timeout: PATIENCE_MS });
        // The page that reads for all of them may connect again on a busy machine.
        await eventually(() => expect(events.readerCount).toBe(1));
      }
      // The next one takes over.
      const [first, ...others] = pages;
      await first!.close();
      await eventually(() => expect(events.readerCount).toBe(1), PATIENCE_MS);
      for (const page of others) await page.evaluate("document.querySelector('#live').textContent = ''");
      for (const page of others) await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });

      for (const page of others) await page.evaluate(SHOW_AS('hidden'));
      await eventually(() => expect(events.readerCount).toBe(0), PATIENCE_MS);
      await others[0]!.evaluate(SHOW_AS('visible'));
      await eventually(() => expect(events.readerCount).toBe(1), PATIENCE_MS);
      expect(await others[0]!.getByText('No contact').count()).toBe(0);
      for (const page of others) await page.close();
    }, 120_000);

    it('has no contact while a proxy answers in place of the application', async () => {
      app = await startApp(adapter, HostileModule);
      const { page } = await browser.open('about:blank');
      await page.route('**/api/events', (route) =>
        route.fulfill({ contentType: 'text/html', body: '<h1>Maintenance</h1>' }),
      );
      await page.goto(`http://127.0.0.1:${app.port}/metrics-dashboard#/now`);
      await page.getByText(/^No contact for ([5-9]|\d\d+) s$/).waitFor({ timeout: PATIENCE_MS });
      await page.unrouteAll({ behavior: 'wait' });
      await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });
      await page.locator('body:not(.without-contact)').waitFor({ timeout: PATIENCE_MS });
      await page.close();
    }, 120_000);

    it('names the instances if several answer at one address, and reads from one of them if it can', async () => {
      app = await startApp(adapter, HostileModule);
      const { page, offences } = await browser.open('about:blank');
      let answers = 0;
      // Each question by itself: on a busy machine, several are on their way at once.
      const asked = new Map<string, number>();
      let isForeign = (answer: number) => answer % 2 === 0;
      await page.route('**/api/batch?*', async (route) => {
        const url = route.request().url();
        const response = await route.fetch();
        const answer = asked.get(url) ?? 0;
        asked.set(url, answer + 1);
        answers++;
        const other = isForeign(answer) && { 'x-monitoring-instance': 'web-2:17:1' };
        await route.fulfill({ response, headers: { ...response.headers(), ...other } });
      });
      await page.goto(`http://127.0.0.1:${app.port}/metrics-dashboard#/now`);
      await page.getByText('Live, updated').waitFor({ timeout: PATIENCE_MS });
      await eventually(() => expect(answers).toBeGreaterThan(2), PATIENCE_MS);
      expect(await page.getByText('Several instances').count()).toBe(0);

      isForeign = () => true;
      const note = page.getByText(/Several instances answer at this address \(.*web-2:17/);
      await note.waitFor({ timeout: PATIENCE_MS });
      await page.getByRole('button', { name: 'Dismiss' }).click();
      expect(await note.count()).toBe(0);
      expect(offences.console).toEqual([]);
      await page.unrouteAll({ behavior: 'wait' });
      await page.close();
    }, 120_000);

    it('shows the verdict of the process while Prometheus does not answer, and says what could not be read', async () => {
      const silent = createServer();
      const port = await new Promise<number>((resolve) => {
        silent.listen(0, '127.0.0.1', () => resolve((silent.address() as AddressInfo).port));
      });
      app = await startApp(adapter, withPrometheus(`http://127.0.0.1:${port}`));
      const { page } = await browser.open('about:blank');
      try {
        await page.goto(`http://127.0.0.1:${app.port}/metrics-dashboard`);
        const verdict = page.getByRole('region', { name: 'Verdict' });
        await verdict
          .filter({ hasText: /Asking Prometheus….*This process \(.*\): ./ })
          .waitFor({ timeout: PATIENCE_MS });

        // A batch that fails is asked read by read.
        await page.route(/\/api\/(batch|view|now)\?/, (route) =>
          route.fulfill({ status: 500, json: { message: 'As planned.' } }),
        );
        await page.reload();
        await page
          .getByText(/^As planned\. The figures above are those of this process \(/)
          .waitFor({ timeout: PATIENCE_MS });
        expect(await page.getByText('Asking Prometheus…').count()).toBe(0);
        expect(await page.locator('.tile .value').count()).toBeGreaterThan(0);

        await page.unrouteAll({ behavior: 'wait' });
        await page.locator('figure').first().waitFor({ timeout: PATIENCE_MS });
        expect(await page.getByText('Could not load routes and charts').count()).toBe(0);
      } finally {
        await page.close();
        silent.closeAllConnections();
        silent.close();
      }
    }, 120_000);

    it('keeps the sign-in form if its first data come after a refusal', async () => {
      app = await startApp(adapter, HostileModule);
      const { page } = await browser.open('about:blank');
      await page.route('**/api/events', (route) =>
        route.fulfill({ status: 401, headers: { 'www-authenticate': 'Bearer' }, json: {} }),
      );
      const token = page.getByLabel(/token/);
      await page.route('**/api/overview', async (route) => {
        await token.waitFor({ timeout: PATIENCE_MS });
        await route.continue();
      });
      const answered = page.waitForResponse('**/api/overview', { timeout: PATIENCE_MS });
      await page.goto(`http://127.0.0.1:${app.port}/metrics-dashboard`, { waitUntil: 'commit' });
      await (await answered).finished();
      await untilShown(page);
      expect(await token.count()).toBe(1);
      expect(await page.getByText('Not signed in').count()).toBe(1);
      await page.unrouteAll({ behavior: 'wait' });
      await page.close();
    }, 120_000);

    it('asks for the token, and shows the dashboard only after that', async () => {
      app = await startApp(adapter, SecretModule);
      const { page } = await browser.open(`http://127.0.0.1:${app.port}/metrics-dashboard`);
      await page.getByLabel(/token/).fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByText('The token is not the right one.').waitFor({ timeout: PATIENCE_MS });
      await page.getByLabel(/token/).fill('T0ken');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1 }).waitFor({ timeout: PATIENCE_MS });
      await page.close();
    }, 60_000);
  });
});

/** Makes a page believe that it is hidden or visible: without a window, it is always visible. */
const SHOW_AS = (state: string): string => `
  Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
`;
/** The cells of tables whose text does not fit into them, or has a letter on each line. */
const CLIPPED = `[...document.querySelectorAll('td')]
  .filter((cell) => cell.scrollWidth > cell.clientWidth + 1 || (cell.clientHeight > 120 && cell.clientWidth < 90))
  .map((cell) => cell.innerText)`;
/** A route that nothing breaks. */
const LONG = 'unbreakable'.repeat(10);
const ATTACK = '"><img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';

@Controller('evil')
class EvilController {
  constructor(registry: MetricsRegistry) {
    registry.gauge('hostile', ATTACK, { labelNames: ['text'] }).set({ text: ATTACK }, 1);
  }

  @Get(`long/${LONG}`)
  long(): string {
    throw new TypeError(LONG);
  }

  @Get(':text')
  evil(@Param('text') text: string): string {
    return text;
  }
}

/** Samples come so often that no test has to wait for them: what is checked does not depend on how often. */
const HISTORY = { intervalMs: 1_000 };

@Module({
  imports: [MonitoringModule.forRoot({ history: HISTORY, defaultLabels: { service: ATTACK } })],
  controllers: [EvilController],
})
class HostileModule {}

function withPrometheus(url: string): DynamicModule {
  return MonitoringModule.forRoot({
    history: HISTORY,
    dashboard: { prometheus: { url, timeoutMs: 10_000 } },
  });
}

@Module({
  imports: [MonitoringModule.forRoot({ history: HISTORY, endpoints: { auth: { bearerToken: 'T0ken' } } })],
})
class SecretModule {}

/** Waits until the page has shown what it has received: it has had its data when another answer that it asks for now is read. */
async function untilShown(page: Page): Promise<void> {
  await page.evaluate("fetch(document.querySelector('#first').href).then((answer) => answer.json())");
}

/** Nothing is wider than the screen, once the charts have taken its width. */
async function expectToFit(page: Page, width: number, about: string): Promise<void> {
  await eventually(async () => {
    const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
    expectThat(shown, about).toBeLessThanOrEqual(width);
  });
}
