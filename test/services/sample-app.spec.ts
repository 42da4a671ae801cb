import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { buildSampleApp } from './support/built.js';
import type { AdapterName } from './support/loaded-app.js';
import { storedRequests } from './support/outcomes.js';
import { PrometheusServer } from './support/prometheus.server.js';
import { CLEAN, promtoolCheckMetrics } from './support/promtool.js';
import { type LoadReport, SampleAppServer, sentRequests } from './support/sample-app.server.js';
import { startTextFormatProxy } from './support/text-format.proxy.js';

const ADAPTERS: readonly AdapterName[] = ['express', 'fastify'];
const FORMATS = ['openmetrics', 'text'] as const;

/** Enough of them for everything that happens now and then, and for some scrapes. */
const LOAD = { requests: 2_500, seed: 7 };
/** What the load script gives up now and then, and what it is if it is not given up. */
const GIVEN_UP = 'GET /api/reports/revenue 499';
const ANSWERED = 'GET /api/reports/revenue 200';
/** Under load on a busy machine, scrape after scrape takes longer than a second. */
const SCRAPE_SECONDS = 4;
const POLL = { timeout: 120_000, interval: 200 };

describeWith(['prometheus', 'promtool'], 'a real Prometheus scrapes the sample application', () => {
  const apps = new Map<AdapterName, SampleAppServer>();
  const reports = new Map<AdapterName, LoadReport>();
  const stops: (() => Promise<void>)[] = [];
  let prometheus: PrometheusServer;

  async function stopScraping(): Promise<void> {
    for (const stop of stops.splice(0)) await stop();
  }

  beforeAll(async () => {
    await buildSampleApp();
    const jobs: { job: string; url: string }[] = [];
    for (const adapter of ADAPTERS) {
      const app = await SampleAppServer.start(adapter);
      apps.set(adapter, app);
      const proxy = await startTextFormatProxy(app.url);
      stops.unshift(() => proxy.stop());
      jobs.push({ job: `${adapter} openmetrics`, url: `${app.url}/metrics` });
      jobs.push({ job: `${adapter} text`, url: `${proxy.url}/metrics` });
    }
    prometheus = await PrometheusServer.start(jobs, ['exemplar-storage'], SCRAPE_SECONDS);
    stops.unshift(() => prometheus.stop());
    await Promise.all([
      prometheus.untilScraped(),
      ...[...apps].map(async ([adapter, app]) => reports.set(adapter, await app.load(LOAD))),
    ]);
  }, 600_000);

  afterAll(async () => {
    await stopScraping();
    for (const app of apps.values()) await app.stop();
  });

  describe.each(ADAPTERS)('on %s', (adapter) => {
    const reportOf = (): LoadReport => {
      const report = reports.get(adapter);
      if (report === undefined) throw new Error(`There was no load on ${adapter}.`);
      return report;
    };

    it('had a load with everything in it', () => {
      const { failed, aborted, requests } = reportOf();
      expect(failed).toBe(0);
      expect(aborted).toBeGreaterThan(0);
      const statuses = new Set(requests.map(({ statusCode }) => statusCode));
      expect([...statuses]).toEqual(expect.arrayContaining([200, 201, 204, 302, 400, 401, 404, 409, 499]));
    });

    it.each(FORMATS)(
      'counts what the load script counts, by method, route and status, in %s',
      async (format) => {
        const sent = sentRequests(reportOf());
        await eventually(async () => {
          const stored = await storedRequests(prometheus, `${adapter} ${format}`);
          expect(stored).toEqual(withCrossedAnswers(sent, stored));
          expect(stored[GIVEN_UP]).toBeGreaterThan(0);
        }, POLL);
      },
      180_000,
    );

    it.each(FORMATS)(
      'was scraped under load without an error, in %s',
      async (format) => {
        const job = `${adapter} ${format}`;
        await eventually(async () => {
          const [scrapes] = await prometheus.query(
            `count_over_time(http_requests_in_progress{job="${job}",method="GET"}[15m])`,
          );
          expect(scrapes?.value).toBeGreaterThanOrEqual(2);
        }, POLL);
        expect(prometheus.complaints(job)).toEqual([]);
      },
      180_000,
    );

    it('shows names that promtool has nothing against', async () => {
      const response = await fetch(`${apps.get(adapter)?.url}/metrics`);
      expect(await promtoolCheckMetrics(await response.text())).toEqual(CLEAN);
    });
  });

  it.each(ADAPTERS)('ends by itself when it is told to, on %s', async (adapter) => {
    // Node does not close a connection that is busy as the server closes, and who asks each second keeps it open.
    await stopScraping();
    const app = apps.get(adapter);
    apps.delete(adapter);
    await expect(app?.stop()).resolves.toBeUndefined();
  });
});

/**
 * On a busy machine, an answer and a client that gives up can cross: the client has left, and the server has
 * answered before it could know.
 */
function withCrossedAnswers(
  sent: Readonly<Record<string, number>>,
  stored: Readonly<Record<string, number>>,
): Record<string, number> {
  const crossed = Math.max(0, (sent[GIVEN_UP] ?? 0) - (stored[GIVEN_UP] ?? 0));
  return {
    ...sent,
    [GIVEN_UP]: (sent[GIVEN_UP] ?? 0) - crossed,
    [ANSWERED]: (sent[ANSWERED] ?? 0) + crossed,
  };
}
