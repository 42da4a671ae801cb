import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSampleApp } from './support/built.js';
import type { AdapterName } from './support/loaded-app.js';
import { SampleAppServer } from './support/sample-app.server.js';

const ADAPTERS: readonly AdapterName[] = ['express', 'fastify'];
const SEED = 7;

/** The route, its share of the failures, the exception, and the line of the source that throws it. */
const CAUSE =
  /GET \/api\/reports\/revenue \(\d+ % of the last \d+ failures\): ServiceUnavailableException, at ExchangeRatesGateway\.inEuros \(sample-app\/src\/reports\/exchange-rates\.gateway\.ts:22:\d+\)\./;

describe('the incident of the sample application', () => {
  const apps = new Map<AdapterName, SampleAppServer>();
  const loads = new Map<AdapterName, string>();

  beforeAll(async () => {
    await buildSampleApp();
    await Promise.all(
      ADAPTERS.map(async (adapter) => {
        const app = await SampleAppServer.start(adapter, { NO_COLOR: '1' });
        apps.set(adapter, app);
        loads.set(adapter, await app.incident(SEED));
      }),
    );
  }, 480_000);

  afterAll(async () => {
    for (const app of apps.values()) await app.stop();
  }, 90_000);

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
