import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resolveDashboard } from '../../../lib/dashboard/dashboard.options.js';
import { Fleet } from '../../../lib/dashboard/fleet/fleet.js';
import { readFailures } from '../../../lib/dashboard/fleet/fleet-failures.js';
import { type FleetNow, readFleetNow } from '../../../lib/dashboard/fleet/fleet-now.js';
import type { FleetVerdictFacts } from '../../../lib/dashboard/fleet/fleet-verdict.js';
import { readTraffic } from '../../../lib/dashboard/now/traffic.js';
import type { Verdict } from '../../../lib/dashboard/now/verdict.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';
import { MINUTE, past, SECOND } from '../../history/support.js';
import { expectThat } from '../../support/expectations.js';
import { PrometheusDouble } from './prometheus.double.js';
import { type RequestFlow, ScrapedRequests, START_SECONDS } from './scraped-requests.js';
import { fleetInstance } from './support.js';

/** The second in which most of these tests ask, since the start: 09:00 UTC. */
const NOW = 3_600;
const END = 2 * NOW + 60;
const RANGE = { rangeMs: 15 * MINUTE };
const INSTANCES = ['pod-1', 'pod-2', 'pod-3'].map((name) => fleetInstance(name));

/** Requests of which some fail in the seconds between two. */
function failing(
  route: string,
  perSecond: number,
  { share, from = 0, to = END }: { readonly share: number; readonly from?: number; readonly to?: number },
  own: Partial<RequestFlow> = {},
): RequestFlow[] {
  const failed = (second: number): number => (second >= from && second < to ? share * perSecond : 0);
  return [
    { route, status: '503', requestsIn: failed, ...own },
    { route, status: '200', requestsIn: (second) => perSecond - failed(second), ...own },
  ];
}

describe('the area Now of a fleet', () => {
  let server: PrometheusDouble;
  let scraped: ScrapedRequests;
  let fleet: Fleet;

  beforeEach(async () => {
    scraped = new ScrapedRequests();
    server = await new PrometheusDouble().start();
    server.now = () => (START_SECONDS + scraped.now) * SECOND;
    server.answer = (query) => scraped.answer(query);
    // A deadline that no machine misses.
    const { prometheus } = resolveDashboard({ prometheus: { url: server.url, timeoutMs: 60 * MINUTE } });
    fleet = new Fleet(
      {
        options: prometheus!,
        service: undefined,
        recorder: { answered: () => undefined, failed: () => undefined },
        kindOf: (metric) => ({
          type: metric.endsWith('_total') ? 'counter' : 'histogram',
          aggregate: undefined,
        }),
        now: () => server.now(),
        closed: new AbortController().signal,
      },
      past().history,
      new ConventionalNames(conventionOfAll('prometheus')),
    );
  });
  afterEach(async () => {
    await server.stop();
    expect(scraped.unknown).toEqual([]);
  });

  /** Returns the verdict of a second, or at the end of a range in the past. */
  const verdictAt = async (second: number, until?: number): Promise<Verdict> => {
    scraped.now = second;
    const range = until === undefined ? RANGE : { ...RANGE, until: (START_SECONDS + until) * SECOND };
    const sources = {
      report: { instances: INSTANCES, outliers: [], routes: [], versions: [] },
      instance: undefined,
      causes: [],
      ofProcess: { changes: [], changeWindowMs: 0 },
      thresholdsOf: () => [],
    };
    const json = await fleet.read({ key: ['now'], instance: undefined, range }, (from) =>
      readFleetNow(from, range, sources),
    );
    return (JSON.parse(json) as FleetNow).verdict;
  };

  /** Returns the failures of the route that matters most. Its times are seconds since the start. */
  const failuresAt = async (second: number) => {
    scraped.now = second;
    const json = await fleet.read({ key: ['failures'], instance: undefined, range: RANGE }, function* (from) {
      return yield* readFailures(from, yield* readTraffic(from, 5 * MINUTE), from.lastSample);
    });
    const { failing: found } = JSON.parse(json) as Pick<FleetVerdictFacts, 'failing'>;
    const secondOf = (ms: number | undefined) => ms && ms / SECOND - START_SECONDS;
    return { ...found, since: secondOf(found?.since), until: secondOf(found?.until) };
  };

  it('names the route that fails now, though another one has failed more often before, and does not count that one', async () => {
    scraped.add(
      END,
      ...failing('/over', 10, { share: 1, from: 3_380, to: 3_440 }),
      ...failing('/now', 2, { share: 0.5, from: 3_480 }),
    );
    const { state, text, route } = await verdictAt(NOW);
    expect(text).toBe('GET /now has failed 47 % since 08:58 UTC.');
    expect([state, route]).toEqual(['critical', { method: 'GET', route: '/now' }]);
  });

  it('names the route that fails always rather than those with more failures among many requests, however many', async () => {
    const busy = Array.from({ length: 6 }, (_, i): RequestFlow[] => [
      { route: `/busy-${i}`, status: '503', requestsIn: (second) => (second % 50 === i ? 1 : 0) },
      { route: `/busy-${i}`, status: '200', requestsIn: () => 3 },
    ]);
    const rare = { route: '/rare', status: '500', requestsIn: twice };
    scraped.add(END, ...busy.flat(), rare);
    expect((await verdictAt(NOW)).text).toBe(
      'GET /rare has failed 100 % since 08:59 UTC; 6 more routes fail.',
    );
  });

  it.each([
    [60, 0],
    [60, 30],
    [90, 0],
    [90, 41],
    [120, 0],
    [120, 58],
  ])('does not flip where all requests fail, one every %d s (in second %d)', async (period, phase) => {
    const requestsIn = (second: number): number => (second >= 3_000 && second % period === phase ? 1 : 0);
    scraped.add(END, { route: '/cron', status: '500', requestsIn });
    const starts = new Set<number | undefined>();
    for (let second = NOW; second <= NOW + 2 * 60; second += 15) {
      const { route, since, until, share } = await failuresAt(second);
      expectThat({ route, until, share }, `in second ${second}`).toEqual({
        route: '/cron',
        until: undefined,
        share: 1,
      });
      starts.add(since);
    }
    expect(starts.size).toBe(1);
  });

  it('knows when many failures began and how many they are, though a few requests fail all day', async () => {
    scraped.add(
      END,
      { route: '/a', status: '500', requestsIn: (second) => (second % 10 === 0 ? 1 : 0) },
      ...failing('/a', 100, { share: 0.2, from: 3_430, to: 3_700 }),
    );
    const { since, until, share } = await failuresAt(NOW);
    expect([since, until]).toEqual([3_420, undefined]);
    // Less than a fifth in the first minute, of which a part had no failure.
    expect(share).toBeCloseTo(0.181, 3);
    // The few go on, and the many do not.
    const after = await failuresAt(3_800);
    expect([after.since, after.until]).toEqual([3_420, 3_720]);
  });

  it.each([
    [1, 'GET /a has failed 98 % since 08:57 UTC.'],
    [0.2, 'GET /a has failed 20 % since 08:57 UTC.'],
  ])('tells many failures (%d) from the few of all day where requests are few, too', async (share, text) => {
    const failed = (second: number): number => {
      if (second >= 3_420) return share;
      return second % 120 === 30 ? 1 : 0;
    };
    scraped.add(
      END,
      { route: '/a', status: '503', requestsIn: failed },
      { route: '/a', status: '200', requestsIn: (second) => 1 - failed(second) },
    );
    const { state, text: found } = await verdictAt(NOW);
    expect([state, found]).toEqual(['critical', text]);
  });

  it('is calm about a few failures all day', async () => {
    const failed = (second: number): number => (second % 120 === 30 ? 1 : 0);
    scraped.add(
      END,
      { route: '/a', status: '503', requestsIn: failed },
      { route: '/a', status: '200', requestsIn: (second) => 1 - failed(second) },
    );
    const { state, text } = await verdictAt(NOW);
    expect([state, text]).toEqual([
      'ok',
      '0.7 % of the requests fail, most of them GET /a on 3 instances: 1 requests/s over the last 5 min.',
    ]);
  });

  it('is critical while many requests fail, though few have failed for long', async () => {
    const failed = (second: number): number => (second < 3_360 ? 0.6 : 2);
    scraped.add(
      END,
      { route: '/a', status: '503', requestsIn: failed },
      { route: '/a', status: '200', requestsIn: (second) => 10 - failed(second) },
    );
    expect(await verdictAt(NOW)).toMatchObject({
      state: 'critical',
      text: 'GET /a has failed 7 % since before 08:00 UTC.',
    });
  });

  it('does not count routes among those that fail once their failures are over', async () => {
    const routes = Array.from({ length: 10 }, (_, i) => `/r${i}`);
    const flows = (from: number, to: number) =>
      routes.flatMap((name) => failing(name, 10, { share: 1, from, to }));
    scraped.add(END, ...flows(3_000, 3_480));
    expect((await verdictAt(3_540)).text).toBe('GET /r0 failed 99 % from 08:50 UTC to 08:58 UTC.');
  });

  it('counts a route that fails now and then as it would name it', async () => {
    const rare = (phase: number) => (second: number) => (second % 180 === phase ? 1 : 0);
    scraped.add(
      END,
      { route: '/rare', status: '500', requestsIn: rare(20) },
      { route: '/rarer', status: '500', requestsIn: rare(110) },
    );
    for (let second = NOW; second < NOW + 180; second += 40) {
      const { text } = await verdictAt(second);
      expectThat(text, `in second ${second}`).toMatch(
        /^GET \/rarer? has failed 100 % since .*; 1 more route fails\.$/,
      );
    }
  });

  it.each([
    ['has always been asked', 0],
    ['was asked for the first time as it failed', 3_300],
  ])(
    'says that nobody has asked a route since it failed, rather than that it fails, if it %s',
    async (_, from) => {
      scraped.add(
        END,
        ...failing('/a', 10, { share: 1, from: 3_300, to: 3_420 }).map((flow) => ({
          ...flow,
          requestsIn: (second: number) => (second >= from && second < 3_420 ? flow.requestsIn(second) : 0),
        })),
        ...failing('/b', 10, { share: 0 }),
      );
      expect((await verdictAt(3_450)).text).toMatch(/^GET \/a has failed \d+ % since 08:55 UTC\.$/);
      expect(await verdictAt(3_670)).toMatchObject({
        state: 'warning',
        text: expect.stringMatching(/^GET \/a failed \d+ % from 08:55 UTC to 08:58 UTC, no request since\.$/),
      });
    },
  );

  it.each([5, 10])(
    'does not call failures over that have become fewer, but not few: %d %%',
    async (percent) => {
      scraped.add(
        END,
        ...failing('/a', 10, { share: 1, from: 3_300, to: 3_420 }).map((flow) => ({
          ...flow,
          requestsIn: (second: number) => {
            if (second < 3_420) return flow.requestsIn(second);
            return flow.status === '503' ? percent : 100 - percent;
          },
        })),
      );
      for (let second = 3_450; second <= NOW; second += 10) {
        expectThat(await verdictAt(second), `in second ${second}`).toMatchObject({
          state: 'critical',
          text: expect.stringMatching(/^GET \/a has failed \d+ % since 08:55 UTC\.$/),
        });
      }
    },
  );

  it('names the one instance of three on which requests fail, and no others beside it', async () => {
    const names = ['pod-1', 'pod-2', 'pod-3'];
    scraped.add(
      END,
      ...names.flatMap((instance) =>
        failing('/a', 10, { share: instance === 'pod-2' ? 0.5 : 0, from: 3_300 }, { instance }),
      ),
    );
    expect(await verdictAt(NOW)).toMatchObject({
      state: 'critical',
      text: expect.stringMatching(/^GET \/a has failed 1[5-7] % since 08:55 UTC, on pod-2 alone\.$/),
    });
  });

  it('knows nothing of the time after the end of a range', async () => {
    scraped.add(
      END,
      ...failing('/a', 10, { share: 1, from: 3_000, to: 3_480 }),
      ...failing('/a', 10, { share: 1, from: 3_630 }, { instance: 'pod-2' }),
    );
    expect((await verdictAt(3_900, 3_615)).text).toBe(
      'GET /a failed 49 % from 08:50 UTC to 08:58 UTC, on pod-1 alone.',
    );
  });

  it.each([15, 20])(
    'has the same start where scrapes are measured %d s apart, since one is missing',
    async (seconds) => {
      scraped.measuredSeconds = seconds;
      scraped.isDown = (second) => second >= 3_560 && second < 3_575;
      scraped.add(END, ...failing('/a', 10, { share: 0.3, from: 3_300 }));
      expect((await verdictAt(NOW)).text).toBe('GET /a has failed 29 % since 08:55 UTC.');
    },
  );

  it('knows a start at which the hour that it looks at has nearly begun', async () => {
    scraped.add(END, ...failing('/a', 10, { share: 0.3, from: 120 }));
    expect((await verdictAt(NOW)).text).toBe('GET /a has failed 30 % since 08:02 UTC.');
  });

  it('has the share of the time of the failures once they are over, however long ago', async () => {
    scraped.add(END, ...failing('/a', 10, { share: 0.5, from: 3_120, to: 3_400 }));
    const found = [];
    for (const second of [3_450, 3_480, 3_510, 3_540]) found.push(await failuresAt(second));
    expect(found.map(({ since, until }) => [since, until])).toEqual(Array.from(found, () => [3_120, 3_420]));
    const shares = found.map(({ share = NaN }) => share);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(1e-9);
    expect((await verdictAt(3_540)).text).toBe('GET /a failed 46 % from 08:52 UTC to 08:57 UTC.');
  });

  it('does not say that failures began at the start of the hour that it looks at', async () => {
    scraped.add(END, ...failing('/a', 10, { share: 0.3 }));
    expect((await verdictAt(2 * NOW)).text).toBe('GET /a has failed 30 % since before 09:00 UTC.');
  });

  it('keeps to failures whose end nobody has seen, since Prometheus has a gap', async () => {
    scraped.isDown = (second) => second >= 3_480 && second < 3_640;
    scraped.add(END, ...failing('/a', 10, { share: 0.5, from: 3_300, to: 3_480 }));
    expect(await failuresAt(NOW)).toMatchObject({ route: '/a', since: 3_300, until: undefined });
  });

  it('counts on over a restart, which is no end and no start of failures', async () => {
    const own = { restartsAt: 3_450 };
    scraped.add(END, ...failing('/a', 10, { share: 0.5, from: 3_000 }, own));
    const { since, until, share } = await failuresAt(NOW);
    expect([since, until]).toEqual([3_000, undefined]);
    expect(share).toBeCloseTo(0.494, 3);
  });

  it('names the one instance on which a route failed, though it has gone', async () => {
    scraped.add(
      END,
      ...failing('/a', 10, { share: 0 }, { instance: 'pod-1' }),
      ...failing('/a', 2, { share: 1 }, { instance: 'pod-2', from: 3_240, to: 3_460 }),
    );
    expect((await verdictAt(NOW)).text).toBe(
      'GET /a failed 15 % from 08:54 UTC to 08:58 UTC, on pod-2 alone.',
    );
  });

  it('counts an instance that came late among those that serve', async () => {
    scraped.add(
      END,
      ...['pod-1', 'pod-2'].flatMap((instance) => failing('/a', 10, { share: 0 }, { instance })),
      ...failing('/a', 10, { share: 1 }, { instance: 'pod-3', from: 3_500 }),
    );
    const { route, instances, serving } = await failuresAt(NOW);
    expect({ route, instances, serving }).toEqual({ route: '/a', instances: ['pod-3'], serving: 3 });
  });

  it.each([
    ['quotes and backslashes', String.raw`/a"} or vector(1) \ {b="`],
    ['several lines', '/a\n/b\r\n/c'],
    ['another script', '/заказы/注文/😀'],
    ['120 characters', `/${'long-'.repeat(23)}:id/x`],
    ['no name', ''],
  ])('finds a route with %s', async (_, route) => {
    scraped.add(END, ...failing(route, 4, { share: 0.5, from: 3_300 }));
    const verdict = await verdictAt(NOW);
    expect(verdict.route).toEqual({ method: 'GET', route });
    expect(verdict.text).toMatch(/ has failed 49 % since 08:55 UTC\.$/);
    expect(verdict.text.length).toBeLessThan(110);
    const [name] = verdict.parts;
    expect(typeof name === 'object' && 'name' in name ? name.name : name).toContain(`GET ${route}`);
  });

  it('says that Prometheus knows nothing of this time', async () => {
    server.answer = () => [];
    expect(await verdictAt(NOW)).toMatchObject({
      state: 'unknown',
      text: 'Prometheus has no samples of this time.',
    });
  });

  it.each([NaN, Infinity, -Infinity])('makes no figure of %d', async (value) => {
    server.answer = (query) =>
      query.includes('timestamp(')
        ? scraped.answer(query)
        : [
            {
              metric: { instance: 'pod-1', method: 'GET', route: '/a', status_code: '500' },
              valueAt: () => value,
            },
          ];
    expect((await verdictAt(NOW)).text).toBe('No requests in the last 5 min on 3 instances.');
  });
});

function twice(second: number): number {
  return second === 3_500 || second === 3_560 ? 1 : 0;
}
