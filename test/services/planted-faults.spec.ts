import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BadGatewayException, Controller, Get, Injectable, Module } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import type { OperationCause } from 'nestjs-monitoring/diagnostics';
import { Pool } from 'pg';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { describeWith } from './support/binaries.js';
import { Browser } from './support/browser.js';
import { PostgresServer } from './support/postgres.server.js';

const POOL = Symbol('pool');
const REMOTE = Symbol('remote');

@Injectable()
class ExchangeRates {
  static remote = '';

  async inEuros(): Promise<string> {
    const response = await fetch(`${ExchangeRates.remote}/rates?key=secret`);
    if (!response.ok) throw new BadGatewayException('no rates');
    return response.text();
  }
}

@Controller()
class FaultsController {
  static pool: Pool;

  constructor(private readonly rates: ExchangeRates) {}

  @Get('slow/:id')
  async slow(): Promise<string> {
    await FaultsController.pool.query("SELECT pg_sleep($1), 'Ada'", [0.3]);
    return 'slow';
  }

  @Get('remote')
  remote(): Promise<string> {
    return this.rates.inEuros();
  }

  @Get('exception')
  exception(): string {
    const order = undefined as unknown as { total: number };
    return String(order.total);
  }

  @Get('block')
  block(): string {
    const until = performance.now() + 400;
    while (performance.now() < until);
    return 'blocked';
  }

  @Get('many')
  async many(): Promise<number> {
    for (let id = 0; id < 41; id++) await FaultsController.pool.query('SELECT $1::int AS id', [id]);
    return 41;
  }

  @Get('sound')
  async sound(): Promise<string> {
    await FaultsController.pool.query('SELECT 1 AS id');
    return 'sound';
  }
}

const CAUSES = '/metrics-dashboard/api/causes';
/** The second one if the machine was too busy to run it for most of the time. */
const BLOCKED = String.raw`FaultsController\.block ran for \d{3,} ms without awaiting anything|blocked for \d{3,} ms during FaultsController\.block, in which`;
const EXPECTED = [
  /^GET \/slow\/:id: slow_call: postgresql: SELECT pg_sleep ?\(\?\), \? took \d+ % of \d+ ms, at FaultsController\.slow \(test\/services\/planted-faults/,
  /^GET \/remote: failed_call: GET 504 of 127\.0\.0\.1:\d+ failed after .* at ExchangeRates\.inEuros .*; then BadGatewayException, at ExchangeRates\.inEuros/,
  /^GET \/exception: exception: TypeError, at FaultsController\.\w+ \(test\/services\/planted-faults/,
  new RegExp(`^GET /block: blocked_event_loop: (?:The event loop was )?(?:${BLOCKED})`),
  /^GET \/many: repeated_calls: postgresql: SELECT \?::int AS id was sent 41 times, .* at FaultsController\.many .*N\+1/,
];

/** Values of requests, statements and messages, which must be nowhere. No time or port looks like the number. */
const HIDDEN = /Ada|471147114711|secret|no rates/;

function expectCauses(body: string): void {
  const { causes } = JSON.parse(body) as { causes: OperationCause[] };
  const texts = causes.map(({ name, cause }) => `${name}: ${cause.kind}: ${cause.text}`);
  for (const expected of EXPECTED) expect(texts).toContainEqual(expect.stringMatching(expected));
  expect(body).not.toMatch(HIDDEN);
}

/** Screens on which somebody looks at the page: width and height. */
const SCREENS = [
  [360, 740],
  [1280, 900],
] as const;
/** The routes that fail or are slow, with what their causes name. */
const ON_PAGE = [
  /GET \/remote\n?.*GET 504 of 127\.0\.0\.1:\d+ failed .* ExchangeRates\.inEuros/s,
  /GET \/exception\n?.*TypeError, at FaultsController\.\w+/s,
  new RegExp(`GET /block\n?.*(?:${BLOCKED})`, 's'),
  /GET \/slow\/:id\n?.*postgresql: SELECT pg_sleep ?\(\?\)/s,
];

/** Reads the first page as somebody does who has opened it, without a click. */
async function expectOnPage(browser: Browser, port: number): Promise<void> {
  for (const [width, height] of SCREENS) {
    const { page, offences } = await browser.open(`http://127.0.0.1:${port}/metrics-dashboard`);
    await page.setViewportSize({ width, height });
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict
      .getByText(/GET \/(remote|exception)/)
      .first()
      .waitFor();
    await eventually(async () => {
      // The verdict names a route that fails, and why.
      expect(await verdict.innerText()).toMatch(
        /GET \/(remote|exception)[^]*(ExchangeRates\.inEuros|TypeError in FaultsController)/,
      );
      const text = await page.locator('#summary').innerText();
      for (const expected of ON_PAGE) expect(text).toMatch(expected);
      // Charts take the new width a little later.
      const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(shown).toBeLessThanOrEqual(width);
    });
    expect(await page.locator('#summary').innerText()).not.toMatch(HIDDEN);
    expect(await page.title()).toContain('Now');
    expect(offences).toEqual({ console: [], foreign: [] });
    await page.close();
  }
}

describeWith(['initdb', 'chromium'], 'the causes that the dashboard names, with default options', () => {
  let postgres: PostgresServer;
  let remote: Server;
  let browser: Browser;
  beforeAll(async () => {
    browser = await Browser.start();
    postgres = await PostgresServer.start();
    remote = createServer((_, response) => response.writeHead(504).end());
    await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
    ExchangeRates.remote = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.stop();
    remote.close();
    await postgres.stop();
  });

  it.each(ADAPTERS)('on %s', async (adapter) => {
    const pool = new Pool({ connectionString: postgres.url });
    FaultsController.pool = pool;
    @Module({
      imports: [MonitoringModule.forRoot()],
      controllers: [FaultsController],
      providers: [ExchangeRates, { provide: POOL, useValue: pool }, { provide: REMOTE, useValue: remote }],
    })
    class AppModule {}
    const app: RunningApp = await startApp(adapter, AppModule);
    try {
      // The clients are found once the application serves.
      await app.get('/metrics');
      // Asked for again where a busy machine has held the process up, which is then the cause.
      await eventually(async () => {
        for (const path of ['/sound', '/slow/471147114711', '/remote', '/exception', '/block', '/many']) {
          await app.get(path);
        }
        await eventually(async () => expectCauses((await app.get(CAUSES)).body), 2_000);
      }, 120_000);
      await expectOnPage(browser, app.port);
    } finally {
      await app.close();
      await pool.end();
    }
  });
});
