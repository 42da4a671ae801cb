import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resolveDashboard } from '../../../lib/dashboard/dashboard.options.js';
import { endpointRows } from '../../../lib/dashboard/endpoint-rows.js';
import { Fleet } from '../../../lib/dashboard/fleet/fleet.js';
import type { FleetHistory } from '../../../lib/dashboard/fleet/fleet-history.js';
import { routeView } from '../../../lib/dashboard/views/http-views.js';
import { type ViewData, ViewReader } from '../../../lib/dashboard/views/view-data.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';
import { MINUTE, SECOND } from '../../history/support.js';
import { expectThat } from '../../support/expectations.js';
import { busyHour } from '../support.js';
import { PrometheusDouble } from './prometheus.double.js';

const range = { rangeMs: 15 * MINUTE };
/** Returns the seconds of a duration of PromQL such as `24m`. */
const secondsOf = (duration: string): number =>
  Number.parseInt(duration) * { s: 1, m: 60, h: 3_600, d: 86_400 }[duration.at(-1) as 's' | 'm' | 'h' | 'd'];
const SCRAPES = /^min\(\(max_over_time\(timestamp\(process_start_time_seconds\)\[1m:1s\]\) - /;

describe('the answers of a fleet', () => {
  let server: PrometheusDouble;
  let now = 1_800_000_007_000;
  let elapsed = 0;
  const failures: string[] = [];

  beforeEach(async () => {
    server = await new PrometheusDouble().start();
    server.now = () => now;
    now = 1_800_000_007_000;
    elapsed = 0;
    failures.length = 0;
  });
  afterEach(() => server.stop());

  const fleetOf = (service?: string, convention: 'prometheus' | 'otel' = 'prometheus'): Fleet => {
    const { registry, history } = busyHour(3);
    return new Fleet(
      {
        options: resolveDashboard({ prometheus: { url: server.url } }).prometheus!,
        service,
        recorder: { answered: () => undefined, failed: (reason) => void failures.push(reason) },
        kindOf: (name) => registry.getMetric(name),
        now: () => now,
        closed: new AbortController().signal,
      },
      history,
      new ConventionalNames(conventionOfAll(convention)),
      () => elapsed,
    );
  };
  const view = (from: FleetHistory) => new ViewReader(from, () => []).read(routeView('GET', '/a'), range);
  const readView = async (fleet: Fleet, instance?: string): Promise<ViewData> =>
    JSON.parse(await fleet.read({ key: ['view'], instance, range }, view)) as ViewData;
  /** The queries for figures. */
  const queries = (): string[] =>
    server.asked.map(({ query }) => query).filter((query) => !SCRAPES.test(query));

  it('are about the last whole interval, and asked once in it', async () => {
    server.answer = (query) =>
      query.includes('status_code') ? [{ metric: { status_code: '200' }, valueAt: (time) => time % 60 }] : [];
    const fleet = fleetOf();
    const { panels } = await readView(fleet);
    const [responses] = panels;
    expect(responses?.times.at(-1)).toBe(1_800_000_000_000);
    expect(responses?.series[0]?.name).toBe('200');
    expect(responses?.series[0]?.values).toEqual(responses?.times.map((time) => (time / 1000) % 60));
    const asked = server.asked.length;
    now += 7_000;
    await Promise.all([readView(fleet), readView(fleet)]);
    expect(server.asked).toHaveLength(asked);
    now += SECOND;
    await readView(fleet);
    expect(server.asked.length).toBeGreaterThan(asked);
  });

  it('are limited to the service, and to one instance', async () => {
    const fleet = fleetOf('shop "1"');
    await readView(fleet);
    await readView(fleet, 'pod-7');
    expect(queries().length).toBeGreaterThan(4);
    for (const query of queries()) expect(query).toContain(String.raw`service="shop \"1\""`);
    expect(queries().filter((query) => query.includes('instance="pod-7"')).length).toBeGreaterThan(2);
  });

  it('have the labels of ours whatever they are called in Prometheus', async () => {
    server.answer = (query) => {
      if (query.startsWith('sum by (http_request_method, http_route, http_response_status_code)')) {
        const metric = { http_request_method: 'GET', http_route: '/a', http_response_status_code: '500' };
        return [{ metric, valueAt: () => 90 }];
      }
      return query.startsWith('min(min_over_time(') ? [{ metric: {}, valueAt: (time) => time - 450 }] : [];
    };
    const json = await fleetOf(undefined, 'otel').read(
      { key: ['rows'], instance: undefined, range },
      (from) => endpointRows(from, range),
    );
    expect(JSON.parse(json)).toEqual([
      {
        method: 'GET',
        route: '/a',
        perSecond: 0.2,
        windowMs: 450_000,
        errorPercent: 100,
        statuses: { '500': 90 },
      },
    ]);
  });

  it('count the requests in each bucket alone', async () => {
    const bounds: readonly (readonly [string, number])[] = [
      ['+Inf', 10],
      ['0.5', 4],
      ['1.0', 9.6],
      ['odd', 7],
    ];
    server.answer = (query) =>
      query.startsWith('60 * sum by (le) (rate(http_request_duration_seconds_bucket{route="/a"}[1m]))')
        ? bounds.map(([le, count]) => ({ metric: { le }, valueAt: () => count }))
        : [];
    const json = await fleetOf().read({ key: ['heatmap'], instance: undefined, range }, function* (from) {
      const times = [0, 1, 2, 3].map((i) => from.lastSample - (3 - i) * MINUTE);
      const found = yield* from.bucketCounts('http_request_duration_seconds', times, { route: '/a' });
      return found && { ...found, counts: found.counts.map((counts) => [...counts]) };
    });
    expect(JSON.parse(json)).toEqual({
      upperBounds: [0.5, 1],
      counts: [
        [4, 4, 4],
        [6, 6, 6],
        [0, 0, 0],
      ],
    });
  });

  it('use windows of at least four scrapes', async () => {
    server.answer = (query) => (SCRAPES.test(query) ? [{ metric: {}, valueAt: () => 30.2 }] : []);
    await readView(fleetOf());
    expect(queries().some((query) => query.includes('[2m]'))).toBe(true);
    expect(queries().some((query) => query.includes('[1m]'))).toBe(false);
  });

  it('have a point for each scrape of a short range, once the distance of the scrapes is known', async () => {
    const pointsOf = async (seconds: number | undefined): Promise<number> => {
      server.answer = (query) =>
        SCRAPES.test(query) && seconds !== undefined ? [{ metric: {}, valueAt: () => seconds }] : [];
      now += 15 * SECOND;
      const json = await fleet.read({ key: ['times'], instance: undefined, range }, function* (from) {
        yield;
        return from.timestamps();
      });
      return (JSON.parse(json) as number[]).length;
    };
    const fleet = fleetOf();
    // One scrape has no distance.
    expect(await pointsOf(undefined)).toBe(15);
    expect(await pointsOf(NaN)).toBe(15);
    expect(await pointsOf(0.4)).toBe(180);
    elapsed += 60_001;
    expect(await pointsOf(14.8)).toBe(60);
    // Known for a minute.
    expect(await pointsOf(30)).toBe(60);
  });

  it('know a young application in a long range', async () => {
    const coveredOf = async (rangeMs: number, ageMs: number): Promise<number> => {
      server.asked.length = 0;
      server.answer = (query) => {
        if (SCRAPES.test(query)) return [{ metric: {}, valueAt: () => 15 }];
        const subquery = /^min\(min_over_time\(timestamp\(.*\)\[(\w+):(\w+)\]\)\)$/.exec(query);
        const [span, step] = (subquery?.slice(1) ?? []).map(secondsOf) as [number, number];
        // Evaluated at the multiples of the step; the series has a sample at each time after the first.
        const at = Math.floor(now / 15_000) * 15;
        const since = Math.max(at - span, at - ageMs / 1000);
        const first = Math.ceil(since / step) * step;
        return first <= at ? [{ metric: {}, valueAt: () => first }] : [];
      };
      now += 15 * SECOND;
      const json = await fleetOf().read(
        { key: ['covered'], instance: undefined, range: { rangeMs } },
        function* (from) {
          yield;
          return from.coveredMs('http_requests_total', rangeMs);
        },
      );
      return JSON.parse(json) as number;
    };
    for (const rangeMs of [5 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, 48 * 60 * MINUTE]) {
      for (const ageMs of [40 * SECOND, 4 * MINUTE, 20 * MINUTE]) {
        const expected = Math.min(rangeMs, ageMs);
        const covered = await coveredOf(rangeMs, ageMs);
        expectThat(covered, `${ageMs} of ${rangeMs}`).toBeLessThanOrEqual(expected);
        expectThat(covered, `${ageMs} of ${rangeMs}`).toBeGreaterThan(
          Math.min(expected - 15_000, expected * 0.9),
        );
        expect(queries().length).toBeLessThanOrEqual(5);
      }
    }
  });

  it('show the largest of too many series, and say how many more there are', async () => {
    const series = Array.from({ length: 6_000 }, (_, i) => ({
      metric: { status_code: String(i) },
      valueAt: () => i,
    }));
    server.answer = (query) => {
      if (query.startsWith('count(')) return [{ metric: {}, valueAt: () => 6_000 }];
      if (query.includes('topk(8')) return series.slice(-8);
      return query.includes('by (status_code)') ? series : [];
    };
    const { panels } = await readView(fleetOf());
    expect(panels[0]?.series.map(({ name }) => Number(name)).toSorted()).toEqual(
      Array.from({ length: 8 }, (_, i) => 5_992 + i),
    );
    expect(panels[0]?.omitted).toBe(5_992);
    expect(queries().find((query) => query.includes('topk('))).toMatch(
      /^\((sum by \(status_code\) \(.*\))\) and topk\(8, max_over_time\(\(\1\)\[15m:\d+[ms]\] @ end\(\)\)\)$/,
    );
  });

  it('fail as a whole with one query, and leave Prometheus alone for longer and longer', async () => {
    const fleet = fleetOf();
    await readView(fleet);
    server.mood = 'hangs';
    server.troubles.push({ status: 503, body: '' });
    now += 15 * SECOND;
    await expect(readView(fleet)).rejects.toThrow(/responded with status 503$/);
    server.mood = 'fails';
    server.body = 'floods';
    for (const pauseMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      const { length } = server.requests;
      elapsed += pauseMs - 1;
      await expect((async () => readView(fleet))()).rejects.toThrow(/^Prometheus at/);
      expect(server.requests).toHaveLength(length);
      elapsed += 1;
      await expect(readView(fleet)).rejects.toThrow(/^Prometheus at/);
      expect(server.requests.length).toBeGreaterThan(length);
    }
    server.mood = 'takes';
    server.body = 'whole';
    elapsed += 60_000;
    expect(await readView(fleet)).toMatchObject({ panels: [] });
    expect(fleet.contact.problem).toBeUndefined();
  });

  it('do not leave Prometheus alone because it refuses one query', async () => {
    const fleet = fleetOf();
    await readView(fleet);
    now += 15 * SECOND;
    server.troubles.push({ status: 422, body: '{"errorType":"execution"}' });
    await expect(readView(fleet)).rejects.toThrow(/status 422 \(execution\)$/);
    expect(await readView(fleet)).toMatchObject({ panels: [] });
  });
});
