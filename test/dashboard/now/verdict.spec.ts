import { describe, expect, it } from '@jest/globals';
import type { AlertRow } from '../../../lib/dashboard/alert-rows.js';
import { verdictOf } from '../../../lib/dashboard/now/verdict.js';
import type { VerdictFacts } from '../../../lib/dashboard/now/verdict-facts.js';

const AT = Date.UTC(2026, 0, 5, 6, 17, 20);
const ROUTE = { method: 'GET', route: '/reports/revenue', requests: 200, failures: 138, seconds: 4 };
const HEALTHY = { status: 'healthy', message: 'ok', durationMs: 1 } as const;

function facts(own: Partial<VerdictFacts> = {}): VerdictFacts {
  return {
    at: AT,
    health: { status: 'healthy', timestamp: '', checks: { database: HEALTHY } },
    alerts: [],
    rulesOfRequests: new Set(['route_fails', 'route_is_slow', 'availability', 'error_rate_percent']),
    rulesOfFailures: new Set(['route_fails', 'availability', 'error_rate_percent']),
    evaluationIntervalMs: 15_000,
    traffic: { windowMs: 300_000, requests: 3_000, failures: 0, seconds: 60, routes: [] },
    failing: undefined,
    alsoFailing: 0,
    causes: [],
    parts: [
      { name: 'database', problem: undefined },
      { name: 'event loop', problem: undefined },
    ],
    p95: 0.041,
    healthSince: new Map(),
    ...own,
  };
}

function alert(own: Partial<AlertRow> = {}): AlertRow {
  return {
    id: 'a',
    rule: 'route_fails',
    state: 'firing',
    severity: 'critical',
    message: '/reports/revenue fails',
    labels: {},
    value: 1,
    since: AT,
    activeAt: own.since ?? AT,
    ...own,
  };
}

const CAUSE = {
  name: 'GET /reports/revenue',
  hasFailed: true,
  cause: {
    kind: 'exception',
    text: 'ServiceUnavailableException, at ExchangeRatesGateway.inEuros (src/reports/exchange-rates.gateway.ts:22:11).',
  },
  maxDurationMs: 12,
  lastAt: AT,
};

describe('the verdict', () => {
  it('names the route that fails, how much, since when, why, and what is normal', () => {
    const failing = { ...ROUTE, since: AT, share: 0.69 };
    const traffic = { ...facts().traffic, failures: 138, routes: [ROUTE] };
    const verdict = verdictOf(facts({ failing, traffic, causes: [CAUSE] }));
    expect(verdict.text).toBe(
      'GET /reports/revenue has failed 69 % since 06:17 UTC: ServiceUnavailableException in ExchangeRatesGateway.inEuros; database and event loop are normal.',
    );
    expect(verdict).toMatchObject({
      state: 'critical',
      route: { method: 'GET', route: '/reports/revenue' },
      parts: ['GET /reports/revenue has failed 69 % since ', { at: AT }, expect.stringContaining('inEuros')],
    });
  });

  it('says of failures that are over from when to when they were, and stays critical while such an alert fires', () => {
    const failing = { ...ROUTE, since: AT, until: AT + 120_000, share: 0.69 };
    const traffic = { ...facts().traffic, failures: 138, routes: [ROUTE] };
    const over = facts({ failing, traffic, alsoFailing: 1, causes: [CAUSE], parts: [] });
    expect(verdictOf(over)).toMatchObject({
      state: 'warning',
      text: 'GET /reports/revenue failed 69 % from 06:17 UTC to 06:19 UTC: ServiceUnavailableException in ExchangeRatesGateway.inEuros.',
      route: { method: 'GET', route: '/reports/revenue' },
    });
    expect(verdictOf({ ...over, alerts: [alert({ rule: 'availability' })] }).state).toBe('critical');
    const later = alert({
      rule: 'route_is_slow',
      message: 'A route is slow.',
      since: AT + 180_000,
      cause: 'GET /slow: It waited.',
    });
    expect(verdictOf({ ...over, alerts: [alert(), later] })).toMatchObject({
      text: 'A route is slow, since 06:20 UTC; GET /slow: It waited.',
      about: 'route_is_slow',
    });
    // The condition of these came with the failures, or they are about the same route.
    const consequences = [
      alert({ rule: 'error_rate_percent', activeAt: AT + 60_000, since: AT + 180_000, severity: 'warning' }),
      alert({
        rule: 'route_is_slow',
        since: AT + 180_000,
        labels: { route: ROUTE.route },
        severity: 'warning',
      }),
    ];
    for (const consequence of consequences) {
      expect(verdictOf({ ...over, alerts: [consequence] })).toMatchObject({
        state: 'warning',
        text: verdictOf(over).text,
      });
    }
    const few = { ...failing, requests: 3, failures: 2 };
    expect(verdictOf({ ...over, failing: few, causes: [] }).text).toBe(
      '2 of 3 requests of GET /reports/revenue failed from 06:17 UTC to 06:19 UTC.',
    );
  });

  it('says first which critical alert was there before failures that are over', () => {
    const failing = { ...ROUTE, since: AT, until: AT + 120_000, share: 0.69 };
    const traffic = { ...facts().traffic, failures: 138, routes: [ROUTE] };
    const disk = alert({ rule: 'disk_percent_critical', message: 'The disk is full.', since: AT - 600_000 });
    const verdictWith = (own: Partial<AlertRow>) =>
      verdictOf(facts({ failing, traffic, alerts: [{ ...disk, ...own }], parts: [] }));
    expect(verdictWith({})).toMatchObject({
      state: 'critical',
      text: 'The disk is full, since 06:07 UTC.',
      about: 'disk_percent_critical',
    });
    for (const own of [{ severity: 'warning' }, { labels: { route: ROUTE.route } }]) {
      expect(verdictWith(own).text).toMatch(/^GET \/reports\/revenue failed 69 % from /);
    }
  });

  it('does not say that requests fail if only some of the last minutes did', () => {
    const traffic = { ...facts().traffic, failures: 138, routes: [ROUTE] };
    expect(verdictOf(facts({ traffic, parts: [] })).text).toMatch(
      /^No request fails any more \(5 % did, most of them GET \/reports\/revenue\): 10 requests\/s /,
    );
    expect(verdictOf(facts({ traffic, alsoFailing: 1, parts: [] })).text).toMatch(
      /^5 % of the requests fail, /,
    );
  });

  it('leads to the route of an alert, and names the parts that are not normal', () => {
    const alerts = [alert({ rule: 'route_is_slow', labels: { route: '/reports/revenue' } })];
    const traffic = { ...facts().traffic, routes: [{ ...ROUTE, failures: 0 }] };
    const parts = [
      { name: 'database', problem: undefined },
      { name: 'event loop', problem: 'Reports.total blocked the event loop for 612 ms', lastAt: AT },
    ];
    const verdict = verdictOf(facts({ alerts, traffic, parts }));
    expect(verdict).toMatchObject({
      route: { method: 'GET', route: '/reports/revenue' },
      disturbed: ['event loop'],
    });
    expect(verdict.text).toContain(
      '; Reports.total blocked the event loop for 612 ms at 06:17 UTC; database is normal.',
    );
    expect(verdictOf(facts())).not.toHaveProperty('disturbed');
  });

  it('counts the other routes that fail now, and no more', () => {
    const failing = { ...ROUTE, since: AT, share: 0.69 };
    const over = { ...ROUTE, route: '/over' };
    const traffic = { ...facts().traffic, failures: 276, routes: [over, ROUTE] };
    const textWith = (alsoFailing: number) =>
      verdictOf(facts({ failing, traffic, alsoFailing, parts: [] })).text;
    expect(textWith(0)).toBe('GET /reports/revenue has failed 69 % since 06:17 UTC.');
    expect(textWith(1)).toMatch(/UTC; 1 more route fails\.$/);
    expect(textWith(3)).toMatch(/UTC; 3 more routes fail\.$/);
  });

  it('has a long name in short, so that the cause stays in sight, and the whole one beside it', () => {
    const name = `/organizations/:organization/${'projects/:project/'.repeat(5)}reports/:report`;
    const failing = { ...ROUTE, route: name, since: AT, share: 0.69 };
    const causes = [{ ...CAUSE, name: `GET ${name}` }];
    const { text, parts } = verdictOf(facts({ failing, causes, parts: [] }));
    expect(text).toBe(
      'GET /organizations/:organizati…ects/:project/reports/:report has failed 69 % since 06:17 UTC: ServiceUnavailableException in ExchangeRatesGateway.inEuros.',
    );
    expect(parts[0]).toEqual({
      name: `GET ${name}`,
      short: 'GET /organizations/:organizati…ects/:project/reports/:report',
    });
  });

  it('has numbers instead of percentages for few requests, and does not tell an alert of the same route again', () => {
    const few = { ...ROUTE, requests: 3, failures: 2, since: AT, share: 0.67 };
    const alerts = [alert({ labels: { route: '/reports/revenue' } })];
    const verdict = verdictOf(facts({ failing: few, alerts }));
    expect(verdict.text).toContain('2 of 3 requests of GET /reports/revenue have failed since 06:17 UTC');
    expect(verdict.about).toBe('route_fails');
  });

  it('is calm about a share that is small, and names it', () => {
    const some = { ...ROUTE, requests: 10_000, failures: 20, since: AT, share: 0.002 };
    const traffic = { ...facts().traffic, requests: 20_000, failures: 20, routes: [some] };
    const { state, text } = verdictOf(facts({ failing: some, traffic }));
    expect(state).toBe('ok');
    expect(text).toMatch(/^0\.1 % of the requests fail, most of them GET \/reports\/revenue: 67 requests\/s/);
  });

  it('has the cause of an alert rather than another one that is known', () => {
    const cause =
      'GET /forecast: ReportsController.forecast, at forecast (src/reports.ts:9:3) ran for 3500 ms.';
    const traffic = { ...facts().traffic, failures: 1 };
    const verdict = verdictOf(facts({ alerts: [alert({ cause })], traffic, causes: [CAUSE] }));
    expect(verdict.text).toBe(
      '/reports/revenue fails, since 06:17 UTC; GET /forecast: ReportsController.forecast in forecast ran for 3500 ms; database and event loop are normal.',
    );
  });

  it('names a failing health check if no route fails, else an alert, else what is normal', () => {
    const checks = { database: { ...HEALTHY, status: 'unhealthy', message: 'Connection refused.' } } as const;
    const unhealthy = facts({
      health: { status: 'unhealthy', timestamp: '', checks },
      healthSince: new Map([['database', AT]]),
      alerts: [alert()],
      parts: [],
    });
    expect(verdictOf(unhealthy)).toMatchObject({
      state: 'critical',
      text: 'Health check database is unhealthy since 06:17 UTC: Connection refused.',
      about: 'database',
    });
    expect(
      verdictOf(facts({ alerts: [alert({ severity: 'warning', message: 'Disk is full.' })] })),
    ).toMatchObject({
      state: 'warning',
      text: 'Disk is full, since 06:17 UTC; database and event loop are normal.',
    });
    expect(verdictOf(facts()).text).toBe(
      'No request fails: 10 requests/s over the last 5 min, 95 % of them within 41 ms; database and event loop are normal.',
    );
  });

  it('names a failure of the records before any sample has counted it', () => {
    const traffic = { ...facts().traffic, requests: 0, windowMs: 0 };
    expect(verdictOf(facts({ traffic, causes: [CAUSE], parts: [] }))).toMatchObject({
      state: 'warning',
      text: 'GET /reports/revenue fails: ServiceUnavailableException in ExchangeRatesGateway.inEuros.',
    });
  });

  it('does not call normal what is not', () => {
    const parts = [
      { name: 'database', problem: '12 % of the database operations fail' },
      { name: 'memory', problem: undefined },
    ];
    expect(verdictOf(facts({ parts })).text).toMatch(
      /; 12 % of the database operations fail; memory is normal\.$/,
    );
  });

  it('stays short whatever the route, the cause and the message are', () => {
    const route = `/${'x'.repeat(2_000)}`;
    const failing = { ...ROUTE, route, since: AT, share: 1 };
    const cause = {
      ...CAUSE,
      name: `GET ${route}`,
      cause: { kind: 'exception', text: 'Error, at '.repeat(500) },
    };
    expect(verdictOf(facts({ failing, causes: [cause] })).text.length).toBeLessThan(1_000);
  });
});
