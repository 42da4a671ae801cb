import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSampleApp } from './support/built.js';
import { describeWith } from './support/binaries.js';
import type { AdapterName } from './support/loaded-app.js';
import { PostgresServer } from './support/postgres.server.js';
import { SampleAppServer } from './support/sample-app.server.js';

const ADAPTERS: readonly AdapterName[] = ['express', 'fastify'];
const SEED = 7;

/** The route, its share of the failures, the exception, and the line of the source that throws it. */
const CAUSE =
  /GET \/api\/reports\/revenue \(\d+ % of the last \d+ failures\): ServiceUnavailableException, at ExchangeRatesGateway\.inEuros \(sample-app\/src\/reports\/exchange-rates\.gateway\.ts:22:\d+\)\./;

describeWith(['initdb'], 'the incidents of the sample application', () => {
  const apps = new Map<AdapterName, SampleAppServer>();
  const loads = new Map<AdapterName, string>();
  const others = new Map<string, string>();
  const stops: (() => Promise<void>)[] = [];

  async function start(adapter: AdapterName, env: Readonly<Record<string, string>> = {}) {
    const app = await SampleAppServer.start(adapter, { NO_COLOR: '1', ...env });
    stops.push(() => app.stop());
    return app;
  }

  /** The other incidents, beside those of the two applications: one on an application with nothing else to do. */
  async function letHappen(name: string, app: SampleAppServer): Promise<void> {
    others.set(name, await app.incident(SEED, name));
  }

  beforeAll(async () => {
    await buildSampleApp();
    const postgres = await PostgresServer.start();
    stops.push(() => postgres.stop());
    await Promise.all([
      ...ADAPTERS.map(async (adapter) => {
        const app = await start(adapter);
        apps.set(adapter, app);
        const [load] = await Promise.all([
          app.incident(SEED),
          ...(adapter === 'express' ? [letHappen('exception', app)] : []),
        ]);
        loads.set(adapter, load);
      }),
      start('express', { DATABASE_URL: postgres.url }).then((app) => letHappen('slow-query', app)),
      start('fastify').then((app) => letHappen('blocked-loop', app)),
    ]);
  }, 480_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  }, 90_000);

  it.each([
    [
      'slow-query',
      'route_is_slow /api/reports/similar-deals',
      /GET \/api\/reports\/similar-deals: postgresql: SELECT .* took \d+ % of \d+ ms, at .*ReportsService\.similarDeals|reports\.service\.ts/,
    ],
    [
      'exception',
      'route_fails /api/deals/:dealId/assessments/latest',
      /GET \/api\/deals\/:dealId\/assessments\/latest \(\d+ % of the last \d+ failures\): TypeError, at AssessmentsService\.latest \(sample-app\/src\/assessments\/assessments\.service\.ts:\d+:\d+\)\./,
    ],
    [
      'blocked-loop',
      'event_loop_is_blocked',
      /ReportsController\.forecast ran for \d+ ms without awaiting anything/,
    ],
  ])('%s: the alert %s fires, with its cause, and is over', (name, alert, cause) => {
    const lines = others.get(name)?.split('\n') ?? [];
    const has = (text: string) => lines.some((line) => line.includes(text));
    expect(has(`Alert ${alert} is firing: `)).toBe(true);
    expect(lines.filter((line) => line.includes('The cause: ')).join('\n')).toMatch(cause);
    expect(has('The incident is over.')).toBe(true);
  });

  it('say how long they take at most, and where to look', () => {
    const text = others.get('blocked-loop');
    expect(text).toMatch(/\d+ requests; until the alert event_loop_is_blocked fires, \d+ s more at most\n/);
    expect(text).toMatch(/Look at http:\/\/127\.0\.0\.1:\d+\/metrics-dashboard/);
    expect(text).toMatch(/curl -s \S+\/metrics \| grep \^nodejs_eventloop_blocks_seconds_total\n/);
  });

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it('is explained in one sentence of its alert, with default options', () => {
      const alerts = apps.get(adapter)?.output.split('\n') ?? [];
      const alert = alerts.find((line) => line.includes('route_fails firing'));
      expect(alert).toMatch(
        new RegExp(
          `\\[Alerts\\] route_fails firing: /api/reports/revenue fails: a share of 0\\.\\d+ of its requests; cause: ${CAUSE.source}$`,
        ),
      );
    });

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
