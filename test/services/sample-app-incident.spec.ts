import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationCause } from 'nestjs-monitoring/diagnostics';
import { eventually } from '../support/eventually.js';
import { buildSampleApp } from './support/built.js';
import { describeWith } from './support/binaries.js';
import { Browser } from './support/browser.js';
import type { AdapterName } from './support/loaded-app.js';
import { PostgresServer } from './support/postgres.server.js';
import { SampleAppServer } from './support/sample-app.server.js';

const ADAPTERS: readonly AdapterName[] = ['express', 'fastify'];
const SEED = 7;
/** Few clients before and after the incident, whose own clients make the alert: it needs no busy machine. */
const FEW_CLIENTS = ['--concurrency', '3'];

/**
 * The route, its share of the failures, the request that failed, the exception, and the lines of the source. A busy machine
 * may have sampled none of the requests at first: then the exception alone is known.
 */
const PLACE =
  /at ExchangeRatesGateway\.inEuros \(sample-app\/src\/reports\/exchange-rates\.gateway\.ts:\d+:\d+\)/.source;
const CAUSE = new RegExp(
  `GET /api/reports/revenue \\(\\d+ % of the last \\d+ failures\\): (?:GET 503 of 127\\.0\\.0\\.1:\\d+ failed after [\\d.]+ ms, ${PLACE}; then )?ServiceUnavailableException, ${PLACE}\\.`,
);

const SLOW_STATEMENT =
  /^GET \/api\/reports\/similar-deals: postgresql: SELECT .* took \d+ % of \d+ ms, at .*sample-app\/src\/reports\/reports\.service\.ts:\d+:\d+/;
/** The second one if the machine was too busy to run it for most of the time. */
const BLOCKED_LOOP =
  /^GET \/api\/reports\/forecast: (?:ReportsController\.forecast ran for \d+ ms|The event loop was blocked for \d+ ms during ReportsController\.forecast, in which)/;
/** What a busy machine may leave out of an alert is known of a later request. */
const FAILED_CALL = new RegExp(`^GET 503 of 127\\.0\\.0\\.1:\\d+ failed after [\\d.]+ ms, ${PLACE}; then `);
/** More than the exchange rates bear. */
const CROWD = 30;
const PATIENCE_MS = 60_000;
const FAILING = 'GET /api/deals/:dealId/assessments/latest';
/** What the verdict says of it as long as it fails, and while nobody asks it any more. */
const VERDICT = new RegExp(`${FAILING}[^]* since[^]*: TypeError in AssessmentsService\\.latest`);
const DEAL = { title: 'A deal of nobody', amountCents: 10_000, currency: 'EUR', ownerId: 1 };
/** Screens on which somebody looks at the page: width and height. */
const SCREENS = [
  [360, 740],
  [1280, 900],
] as const;

describeWith(['initdb'], 'the incidents of the sample application', () => {
  const apps = new Map<AdapterName, SampleAppServer>();
  const loads = new Map<AdapterName, string>();
  let exception = '';
  let causes: readonly string[] = [];
  const stops: (() => Promise<void>)[] = [];

  async function start(adapter: AdapterName, env: Readonly<Record<string, string>> = {}) {
    const app = await SampleAppServer.start(adapter, { NO_COLOR: '1', ...env });
    stops.push(() => app.stop());
    return app;
  }

  beforeAll(async () => {
    await buildSampleApp();
    const postgres = await PostgresServer.start();
    stops.push(() => postgres.stop());
    const another = async () => {
      const app = await start('express', { DATABASE_URL: postgres.url });
      exception = await app.incident(SEED, 'exception', '--until-alert', ...FEW_CLIENTS);
      // Once more where a busy machine let the request wait for something else than what it should wait for.
      await eventually(async () => {
        for (const report of ['similar-deals', 'forecast']) {
          const response = await fetch(`${app.url}/api/reports/${report}`);
          expect(response.status).toBe(200);
        }
        const response = await fetch(`${app.url}/metrics-dashboard/api/causes`);
        const found = (await response.json()) as { causes: OperationCause[] };
        causes = found.causes.map(({ name, cause }) => `${name}: ${cause.text}`);
        for (const cause of [SLOW_STATEMENT, BLOCKED_LOOP]) {
          expect(causes).toContainEqual(expect.stringMatching(cause));
        }
      }, PATIENCE_MS).catch(() => undefined);
    };
    await Promise.all(
      ADAPTERS.map(async (adapter) => {
        const app = await start(adapter);
        apps.set(adapter, app);
        loads.set(adapter, await app.incident(SEED, ...FEW_CLIENTS));
      }),
    );
    // Not beside them: 120 clients are enough for two cores.
    await another();
  }, 600_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  }, 90_000);

  it('name the line of an exception, in the alert that it fires', () => {
    const route = '/api/deals/:dealId/assessments/latest';
    expect(exception).toContain(`Alert route_fails ${route} is firing: `);
    expect(exception).toMatch(
      /The cause: GET \/api\/deals\/:dealId\/assessments\/latest \(\d+ % of the last \d+ failures\): TypeError, at AssessmentsService\.latest \(sample-app\/src\/assessments\/assessments\.service\.ts:\d+:\d+\)\.\n/,
    );
  });

  it('say how long they take at most, and where to look', () => {
    expect(exception).toMatch(/\d+ requests; until the alert route_fails fires, \d+ s more at most\n/);
    expect(exception).toMatch(
      /Look at (http:\/\/127\.0\.0\.1:\d+\/metrics-dashboard), .* then at \1#\/errors, /,
    );
    expect(exception).toMatch(/curl -s \S+\/metrics \| grep \^exceptions_total\n/);
  });

  it('can have a slow statement and a blocked event loop as their causes', () => {
    expect(causes).toContainEqual(expect.stringMatching(SLOW_STATEMENT));
    expect(causes).toContainEqual(expect.stringMatching(BLOCKED_LOOP));
  });

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it('is explained in one sentence of its alert, with default options', () => {
      const alerts = apps.get(adapter)?.output.split('\n') ?? [];
      const alert = alerts.find((line) => line.includes('route_fails firing'));
      expect(alert).toMatch(
        new RegExp(
          `\\[Alerts\\] route_fails firing: /api/reports/revenue fails: \\d[\\d.]*% of its requests; cause: ${CAUSE.source}$`,
        ),
      );
    });

    it('is explained by the call that failed', async () => {
      const url = apps.get(adapter)?.url;
      const revenue = async () => (await fetch(`${url}/api/reports/revenue`)).arrayBuffer();
      await eventually(async () => {
        await Promise.all(Array.from({ length: CROWD }, revenue));
        const response = await fetch(`${url}/metrics-dashboard/api/causes`);
        const found = (await response.json()) as { causes: OperationCause[] };
        const ofRevenue = found.causes.filter(({ name }) => name === 'GET /api/reports/revenue');
        expect(ofRevenue.map(({ cause }) => cause)).toContainEqual(
          expect.objectContaining({
            kind: 'failed_call',
            text: expect.stringMatching(FAILED_CALL) as unknown,
          }),
        );
      }, PATIENCE_MS);
    }, 120_000);

    it('is explained to whoever looks at the alerts of the API', () => {
      expect(loads.get(adapter)).toMatch(new RegExp(`The cause: ${CAUSE.source}\n`));
    });

    it('ends without the cause in the message that it is over', () => {
      const alerts = apps.get(adapter)?.output.split('\n') ?? [];
      const resolved = alerts.find((line) => line.includes('route_fails resolved'));
      expect(resolved).toBeDefined();
      expect(resolved).not.toContain('cause:');
    });
  });
});

describeWith(
  ['chromium'],
  'the first page of the dashboard, while a route of the sample application fails',
  () => {
    let app: SampleAppServer;
    let browser: Browser;
    let dealId: number;

    beforeAll(async () => {
      await buildSampleApp();
      app = await SampleAppServer.start('express', { NO_COLOR: '1' });
      await app.load({ requests: 300, seed: SEED });
      dealId = await addDeal(app.url);
      browser = await Browser.start();
    }, 600_000);

    afterAll(async () => {
      await browser?.stop();
      await app?.stop();
    }, 90_000);

    it.each(SCREENS)('explains it without a click, on a screen of %d × %d', async (width, height) => {
      // The verdict names it for five minutes after its last failure, since nobody asks it again.
      for (let i = 0; i < 5; i++) {
        const response = await fetch(`${app.url}/api/deals/${dealId}/assessments/latest`);
        expect(response.status).toBe(500);
      }
      const { page, offences } = await browser.open(`${app.url}/metrics-dashboard`);
      await page.setViewportSize({ width, height });
      await page
        .getByRole('region', { name: 'Verdict' })
        .filter({ hasText: VERDICT })
        .waitFor({ timeout: PATIENCE_MS });
      await page
        .locator('#summary')
        .filter({ hasText: /TypeError, at AssessmentsService\.latest \(sample-app\/src\/assessments\// })
        .waitFor({ timeout: PATIENCE_MS });
      await page.locator('figure canvas').first().waitFor({ timeout: PATIENCE_MS });
      // Nothing is wider than the screen once the charts have taken its width.
      await page.waitForFunction(`document.documentElement.scrollWidth <= ${width}`, undefined, {
        timeout: PATIENCE_MS,
      });
      // The cause leads to its proof.
      await page.locator('#summary').getByRole('link', { name: FAILING, exact: true }).first().click();
      await page.getByRole('heading', { level: 1, name: FAILING }).waitFor({ timeout: PATIENCE_MS });
      const failure = page.locator('details', { hasText: 'TypeError, at AssessmentsService.latest' });
      await failure.first().waitFor({ timeout: PATIENCE_MS });
      expect(offences).toEqual({ console: [], foreign: [] });
      await page.close();
    });
  },
);

/** Adds a deal without an assessment. */
async function addDeal(url: string): Promise<number> {
  const response = await fetch(`${url}/api/deals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(DEAL),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}
