import { describe, expect, it } from '@jest/globals';
import type { AlertRow } from '../../../lib/dashboard/alert-rows.js';
import {
  causeOfFailures,
  isAbout,
  isConsequence,
  isDown,
  recentFailures,
  type VerdictCause,
  worstCheck,
} from '../../../lib/dashboard/now/verdict-facts.js';

const AT = Date.UTC(2026, 0, 5, 6, 17, 20);
const SECOND = 1_000;
const ROUTE = { method: 'GET', route: '/deals' };

function cause(lastAt: number, own: Partial<VerdictCause> = {}): VerdictCause {
  return {
    name: 'GET /deals',
    hasFailed: true,
    cause: { kind: 'exception', text: 'TypeError.' },
    maxDurationMs: 12,
    lastAt,
    ...own,
  };
}

describe('an alert as a consequence of the failures of a route', () => {
  const failing = { ...ROUTE, since: AT, until: AT + 60 * SECOND };
  const isOne = (own: Partial<AlertRow>, until: number | undefined = failing.until): boolean =>
    isConsequence(
      { rule: 'requests_fail', labels: {}, activeAt: AT + 15 * SECOND, ...own } as AlertRow,
      {
        failing: { ...failing, until },
        rulesOfRequests: new Set(['requests_fail']),
        evaluationIntervalMs: 30 * SECOND,
      } as never,
    );

  it('is one about requests whose condition came with them, up to an evaluation after their end', () => {
    const times = [-1, 0, 60, 90, 91].map((seconds) => isOne({ activeAt: AT + seconds * SECOND }));
    expect(times).toEqual([false, true, true, true, false]);
  });

  it('is one that came at any time while they go on', () => {
    const later = { activeAt: AT + 3_600 * SECOND };
    const going = {
      failing: { ...ROUTE, since: AT },
      rulesOfRequests: new Set(['a']),
      evaluationIntervalMs: 1,
    };
    expect(isConsequence({ rule: 'a', labels: {}, ...later } as unknown as AlertRow, going as never)).toBe(
      true,
    );
  });

  it('is one of the same route and method, and none of another', () => {
    const ofRoute = (labels: AlertRow['labels']) => isOne({ labels, rule: 'slow', activeAt: 0 });
    expect(ofRoute({ route: '/deals' })).toBe(true);
    expect(ofRoute({ route: '/deals', method: 'GET' })).toBe(true);
    expect(ofRoute({ route: '/deals', method: 'POST' })).toBe(false);
    expect(ofRoute({ route: '/orders' })).toBe(false);
    expect(isOne({ labels: { route: '/orders' } })).toBe(false);
    expect(isAbout({}, ROUTE)).toBe(false);
  });

  it('is none about something else, and none where no route fails', () => {
    expect(isOne({ rule: 'disk_is_full' })).toBe(false);
    const nothing = { failing: undefined, rulesOfRequests: new Set(['a']), evaluationIntervalMs: 1 };
    expect(isConsequence({ rule: 'a', labels: {}, activeAt: AT } as never, nothing as never)).toBe(false);
  });
});

describe('the cause of failures', () => {
  it('is the most frequent one of those since they began, however long its request took', () => {
    const old = cause(AT - 60 * SECOND);
    const long = cause(AT - 20 * SECOND, { maxDurationMs: 20_000 });
    const of = (...causes: VerdictCause[]) => causeOfFailures(causes, { ...ROUTE, since: AT });
    expect(of(old, long, cause(AT + 1))).toBe(long);
    expect(of(old)).toBeUndefined();
    expect(of(cause(AT, { hasFailed: false }), cause(AT, { name: 'POST /deals' }))).toBeUndefined();
  });

  it('is recent for two minutes, and never of a time that has not come', () => {
    const ages = [-3_600, -1, 0, 119, 121, 3_600].map((seconds) => cause(AT - seconds * SECOND));
    expect(recentFailures({ causes: ages, at: AT })).toEqual(ages.slice(1, 4));
    expect(recentFailures({ causes: [cause(AT, { hasFailed: false })], at: AT })).toEqual([]);
  });
});

describe('the worst health check', () => {
  const report = (...statuses: ('healthy' | 'degraded' | 'unhealthy' | 'critical')[]) => ({
    status: 'healthy' as const,
    timestamp: '',
    checks: Object.fromEntries(
      statuses.map((status, i) => [`c${i}`, { status, message: 'Why.', durationMs: 1 }]),
    ),
  });

  it('is the one with the worst status, of those that are not healthy', () => {
    const worst = worstCheck(report('healthy', 'degraded', 'critical', 'unhealthy'));
    expect(worst).toMatchObject({ name: 'c2', status: 'critical', message: 'Why.', others: 2 });
    expect(worstCheck(report('healthy'))).toBeUndefined();
  });

  it('is down unless it is merely degraded', () => {
    const down = (['healthy', 'degraded', 'unhealthy', 'critical'] as const).map((status) =>
      isDown(worstCheck(report(status))),
    );
    expect(down).toEqual([false, false, true, true]);
  });
});
