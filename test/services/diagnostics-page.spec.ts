import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import { EventLoopBlocks } from 'nestjs-monitoring/diagnostics';
import type { Locator, Page } from 'playwright-core';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { expectThat } from '../support/expectations.js';
import { violations } from './support/axe.js';
import { describeWith } from './support/binaries.js';
import {
  ALLOCATIONS,
  IN_FLIGHT,
  LAST_EXIT,
  MEMORY,
  PROCESS,
  PROFILES,
  STARTUP,
} from './fixture/diagnostics-answers.js';
import { Browser, type Offences } from './support/browser.js';

const CLEAN: Offences = { console: [], foreign: [] };
const PATIENCE_MS = 100_000;
const SCREENS = [
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
  ['dark', 360],
] as const;

describeWith(['chromium'], 'the diagnostics of the dashboard in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await Browser.start();
  }, 60_000);

  afterAll(async () => {
    await browser.stop();
  });

  describe.each(ADAPTERS)('of an application on %s', (adapter) => {
    let app: RunningApp;
    /** The files of the page are the same on both, and so is what it looks like: it is looked at once. */
    const isLookedAt = adapter === 'express';

    beforeAll(async () => {
      app = await startApp(adapter, OpenModule);
      await app.get('/reports/failing');
      await block();
    }, 60_000);

    afterAll(async () => {
      await app.close();
    });

    /**
     * Blocks the event loop, which is watched from a moment after the start on. A test that shows it blocks it anew: of
     * the blocks, only the last ones are kept, and a busy machine has others.
     */
    async function block(): Promise<void> {
      const [before] = app.app.get(EventLoopBlocks).find();
      await eventually(async () => {
        await app.get('/reports/blocking');
        const [last] = app.app.get(EventLoopBlocks).find();
        expect(last?.culprit).toBe('Reports.total');
        expect(last?.startedAt).not.toBe(before?.startedAt);
      }, PATIENCE_MS);
    }

    function open(part: string): Promise<{ page: Page; offences: Offences }> {
      return browser.open(`http://127.0.0.1:${app.port}/metrics-dashboard#/${part}`);
    }

    it('name what failed and what blocked the event loop, and keep open what is open', async () => {
      await block();
      const { page, offences } = await open('errors/operations');
      await entry(page, 'GET /reports/failing').click({ timeout: PATIENCE_MS });
      await page.getByText('ReportsController.failing', { exact: true }).waitFor();

      const blocked = entry(page, 'Reports.total');
      expect(await blocked.innerText()).toMatch(/The event loop was blocked for .* ms by Reports\.total/);
      await blocked.click();
      const frame = page.getByRole('treeitem', { name: /^Reports\.total, / }).first();
      await frame.waitFor();
      await page.evaluate("document.querySelector('[role=tree]').dataset.kept = 'yes'");
      await app.get('/reports/failing');
      await entry(page, 'GET /reports/failing')
        .getByText(/^2 records/)
        .waitFor({ timeout: PATIENCE_MS });
      expect(await page.locator('[role=tree][data-kept=yes]').count()).toBe(1);
      expect(offences).toEqual(CLEAN);
      await page.close();
    }, 120_000);

    it('group the errors, each with a page of its own, without running what is in a message', async () => {
      const { page, offences } = await browser.open(`http://127.0.0.1:${app.port}/metrics-dashboard#/errors`);
      const row = page.getByRole('row').filter({ hasText: 'TypeError' });
      await row.waitFor({ timeout: PATIENCE_MS });
      expect(await row.innerText()).toContain(
        'ReportsController.failing (test/services/diagnostics-page.spec.ts:',
      );
      if (isLookedAt) await expectAccessible(page, 'errors');
      await page.getByLabel('Search errors').fill('no such error');
      await page.getByText('No group of errors matches').waitFor({ timeout: PATIENCE_MS });
      await page.getByLabel('Search errors').fill('typeerror reports');
      await page.getByRole('link', { name: 'TypeError' }).click({ timeout: PATIENCE_MS });
      await page.getByRole('heading', { level: 1, name: 'TypeError' }).waitFor({ timeout: PATIENCE_MS });
      await page.locator('.frames').getByText('ReportsController.failing').waitFor();
      await page.locator('.waterfall li').first().waitFor();
      if (isLookedAt) await expectAccessible(page, 'the page of an error');
      expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
      await page.getByRole('link', { name: 'GET /reports/failing' }).first().click();
      await page
        .getByRole('heading', { level: 1, name: 'GET /reports/failing' })
        .waitFor({ timeout: PATIENCE_MS });
      await page.getByRole('link', { name: 'TypeError' }).waitFor();
      expect(offences).toEqual(CLEAN);
      await page.close();
    }, 120_000);

    it('show a function of the flame graph in full width, by keyboard and by pointer', async () => {
      await block();
      const { page } = await open('errors/operations');
      await entry(page, 'Reports.total').click({ timeout: PATIENCE_MS });
      const tree = page.getByRole('tree');
      const whole = await boxOf(tree);
      await page.getByRole('treeitem', { name: /^All, / }).focus();
      for (let i = 0; i < 60 && !(await focused(page)).startsWith('Reports.total'); i++) {
        await page.keyboard.press('ArrowDown');
      }
      expect(await focused(page)).toMatch(/^Reports\.total, [\d.]+ m?s, \d+/);
      await page.keyboard.press('Enter');
      const frame = page.getByRole('treeitem', { name: /^Reports\.total, / }).first();
      expect((await boxOf(frame)).width).toBeCloseTo(whole.width, 0);
      expect(await focused(page)).toMatch(/^Reports\.total/);
      await page.keyboard.press('Escape');
      expect(await focused(page)).toMatch(/^All/);
      await frame.click();
      expect(await page.locator('.flame-detail').innerText()).toContain('Reports.total');
      await page.getByText('As a list').click();
      await page.getByRole('list', { name: 'Functions' }).getByText('Reports.total').waitFor();
      await page.close();
    }, 60_000);

    if (isLookedAt) {
      it('are accessible and fit the screen, in both themes, on a desk and on a phone', async () => {
        await eventually(block, PATIENCE_MS);
        const { page } = await open('errors/operations');
        await entry(page, 'Reports.total').click({ timeout: PATIENCE_MS });
        await page.getByRole('tree').waitFor();
        await expectAccessible(page, 'causes');
        await page.close();
      }, 120_000);
    }

    it.each([
      ['startup', 'Slowest providers and hooks'],
      ['process', 'This process'],
      ['memory', 'Memory'],
      ['profiles', 'Capture'],
      ['last-exit', 'No flight recorder'],
      ['log-levels', 'Levels'],
    ])(
      'show the part %s without an error, a warning or a foreign request',
      async (part, heading) => {
        const { page, offences } = await open(`process/${part}`);
        await page.getByRole('heading', { name: heading, exact: true }).waitFor({ timeout: PATIENCE_MS });
        if (isLookedAt) await expectAccessible(page, part);
        expect(offences).toEqual(CLEAN);
        await page.close();
      },
      60_000,
    );

    it('capture a profile with credentials, draw it and download it', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'profiles-'));
      const secret = await startApp(
        adapter,
        moduleWith({ endpoints: { auth: AUTH }, diagnostics: { profiles: { directory } } }),
      );
      const { page } = await browser.open(
        `http://127.0.0.1:${secret.port}/metrics-dashboard#/process/profiles`,
      );
      await signIn(page);
      await page.getByLabel('Duration').selectOption('5');
      await page.getByLabel('Reason').fill('a <b>test</b>');
      // Looked for before it begins: it ends by itself.
      await Promise.all([
        page.getByText('CPU profile is being captured').waitFor(),
        page.getByRole('button', { name: 'Heap snapshot', disabled: true }).waitFor(),
        page.getByRole('button', { name: 'CPU profile' }).click(),
      ]);
      await entry(page, 'CPU profile').click({ timeout: PATIENCE_MS });
      await entry(page, 'a <b>test</b>').waitFor();
      await page.getByRole('treeitem', { name: /^All, / }).waitFor({ timeout: PATIENCE_MS });
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download cpuprofile' }).click();
      expect((await downloading).suggestedFilename()).toMatch(/^\w+-cpuProfile-.*\.cpuprofile$/);
      await page.close();
      await secret.close();
      await rm(directory, { recursive: true });
    }, 120_000);

    it('change the level of log messages for a time with credentials, and say without them what is missing', async () => {
      const { page } = await open('process/log-levels');
      await page.getByText('Set endpoints.auth to change levels').waitFor({ timeout: PATIENCE_MS });
      expect(await page.getByRole('button', { name: 'Change' }).isDisabled()).toBe(true);
      await page.close();

      const secret = await startApp(adapter, SecretModule);
      const opened = await browser.open(
        `http://127.0.0.1:${secret.port}/metrics-dashboard#/process/log-levels`,
      );
      await signIn(opened.page);
      await opened.page.getByLabel('Context').fill('Orders');
      await opened.page.getByRole('button', { name: 'Change' }).click();
      await opened.page.getByText(/^debug until/).waitFor();
      await opened.page.getByRole('button', { name: 'End' }).click();
      await opened.page.getByText('No level is changed.').waitFor();
      await opened.page.close();
      await secret.close();
    }, 120_000);
  });

  describe('draw what the API answers', () => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await startApp('express', OpenModule);
    }, 60_000);

    afterAll(async () => {
      await app.close();
    });

    /** Opens a part with answers of the API by name; other names are unknown to it. */
    async function open(part: string, answers: Readonly<Record<string, unknown>>): Promise<Page> {
      const { page } = await browser.open(`http://127.0.0.1:${app.port}/metrics-dashboard`);
      const answerTo = (read: string) => {
        const body = answers[/diagnostics\/([\w-]+)/.exec(read)?.[1] ?? ''];
        return body === undefined ? { status: 404, body: {} } : { status: 200, body };
      };
      await page.route(/\/api\/diagnostics\//, async (route) => {
        const { status, body: json } = answerTo(route.request().url());
        await route.fulfill({ status, json });
      });
      // Reads that begin together are one request.
      await page.route(/\/api\/batch\?/, async (route) => {
        const reads = new URL(route.request().url()).searchParams.getAll('read');
        const response = await route.fetch();
        const real = (await response.json()) as unknown[];
        const json = reads.map((read, i) => (read.startsWith('diagnostics/') ? answerTo(read) : real[i]));
        await route.fulfill({ response, json });
      });
      await page.evaluate(`location.hash = '#/process/${part}'`);
      await page.getByRole('heading', { level: 1 }).waitFor({ timeout: PATIENCE_MS });
      return page;
    }

    it.each([
      [
        'startup',
        { startup: STARTUP },
        ['Started in 1.84 s', 'instance in DatabaseModule', '12 faster ones'],
      ],
      [
        'process',
        { process: PROCESS, 'in-flight': IN_FLIGHT },
        [
          'GET /orders/:id',
          'SELECT * FROM orders WHERE id = ?',
          'shop 3.2.1',
          '1,024 (hard limit unlimited)',
        ],
      ],
      [
        'last-exit',
        { 'last-exit': LAST_EXIT },
        ['The kernel killed the process', 'In flight at the end', 'OrderError', 'Requests in flight'],
      ],
      [
        'memory',
        { memory: MEMORY },
        ['leak suspected', 'remember (src/orders.service.ts:42:3)', 'subscribe'],
      ],
      [
        'profiles',
        { profiles: PROFILES, profile: ALLOCATIONS },
        ['Set endpoints.auth to capture', 'A heap snapshot is not possible', 'alert HeapGrows'],
      ],
    ])(
      '%s, on a desk and on a phone',
      async (part, answers, texts) => {
        const page = await open(part, answers);
        for (const text of texts) await page.getByText(text).first().waitFor();
        for (const summary of await page.locator('main summary').all()) await summary.click();
        if (part === 'profiles') await page.getByRole('treeitem', { name: /^remember, 7.72 MiB/ }).waitFor();
        await expectAccessible(page, part);
        await page.close();
      },
      120_000,
    );

    it('filter the routes', async () => {
      const page = await open('process', { process: PROCESS, 'in-flight': IN_FLIGHT });
      await page.getByText('Routes (2)').click();
      await page.getByLabel('Filter Routes').fill('authguard');
      expect(await page.getByText('GET /users').isVisible()).toBe(false);
      expect(await page.getByText('guards: AuthGuard').isVisible()).toBe(true);
      await page.close();
    }, 60_000);

    it.each([
      ['startup', 'No start-up report'],
      ['process', 'No process report'],
      ['last-exit', 'No flight recorder'],
      ['memory', 'Memory is not watched'],
      ['profiles', 'No profiles'],
      ['log-levels', 'Levels cannot be changed'],
    ])(
      '%s, or a sentence if that part is off',
      async (part, sentence) => {
        const page = await open(part, {});
        await page.getByRole('heading', { name: sentence }).waitFor();
        await page.close();
      },
      60_000,
    );
  });
});

/** Gives the page its token. */
async function signIn(page: Page): Promise<void> {
  await page.getByLabel(/token/).fill('T0ken', { timeout: PATIENCE_MS });
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1 }).first().waitFor({ timeout: PATIENCE_MS });
}

class Reports {
  total(): number {
    const end = performance.now() + 1_000;
    let sum = 0;
    while (performance.now() < end) sum += Math.sqrt(sum + 1);
    return sum;
  }
}

@Controller('reports')
class ReportsController {
  private readonly reports = new Reports();

  @Get('blocking')
  blocking(): string {
    return String(this.reports.total());
  }

  @Get('failing')
  failing(): never {
    throw new TypeError('The report <img src=x onerror="globalThis.pwned=1"> cannot be read.');
  }
}

/** The machine of the test is busy: other things hold up the process, too, but for a shorter time. */
const OpenModule = moduleWith({ diagnostics: { blockedLoop: { thresholdMs: 600 } } });

const AUTH = { bearerToken: 'T0ken' };
const SecretModule = moduleWith({ endpoints: { auth: AUTH } });

function moduleWith(options: Parameters<typeof MonitoringModule.forRoot>[0]): Type {
  @Module({ imports: [MonitoringModule.forRoot(options)], controllers: [ReportsController] })
  class DiagnosedModule {}
  return DiagnosedModule;
}

/** The summary of the first entry with a heading. */
function entry(page: Page, heading: string): Locator {
  return page.locator('.entry > summary', { has: page.getByText(heading, { exact: true }) }).first();
}

async function boxOf(locator: Locator): Promise<{ width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('It is not shown.');
  return box;
}

function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''");
}

/** Expects that axe finds nothing wrong with a page, and that it is not wider than the screen. */
async function expectAccessible(page: Page, about: string): Promise<void> {
  for (const [colorScheme, width] of SCREENS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    expectThat(await violations(page), `${about}, ${colorScheme}, ${width}`).toEqual([]);
    // Charts take their new width a little later.
    await eventually(async () => {
      const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
      expectThat(shown, `${about}, ${colorScheme}, ${width}`).toBeLessThanOrEqual(width);
    });
  }
}
