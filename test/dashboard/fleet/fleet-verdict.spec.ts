import { describe, expect, it } from '@jest/globals';
import { type FleetVerdictFacts, fleetVerdictOf } from '../../../lib/dashboard/fleet/fleet-verdict.js';
import { fleetInstance } from './support.js';

const AT = Date.UTC(2026, 0, 5, 6, 17, 20);
const facts = (own: Partial<FleetVerdictFacts> = {}): FleetVerdictFacts => ({
  instances: [fleetInstance('pod-1', { isThis: true }), fleetInstance('pod-2'), fleetInstance('pod-7')],
  traffic: { windowMs: 300_000, requests: 3_000, failures: 0, seconds: 60, routes: [] },
  failing: undefined,
  alsoFailing: 0,
  causes: [],
  outliers: [],
  routes: [],
  versions: [],
  p95: 0.041,
  ...own,
});
const FAILING = { method: 'GET', route: '/deals', since: AT, share: 0.69, instances: ['pod-1'], serving: 3 };
const CAUSE = {
  name: 'GET /deals',
  hasFailed: true,
  cause: { kind: 'exception', text: 'TypeError, at Deals.total (src/deals.ts:22:11).' },
  maxDurationMs: 12,
  lastAt: AT,
};
const slow = {
  instance: 'pod-7',
  figure: 'p99Seconds',
  value: 1.2,
  median: 0.3,
  text: 'p99 4×',
} as const;

describe('the verdict of a fleet', () => {
  it('says that all is well, over how many instances', () => {
    expect(fleetVerdictOf(facts())).toMatchObject({
      state: 'ok',
      text: 'No request fails on 3 instances: 10 requests/s over the last 5 min, 95 % of them within 41 ms.',
    });
  });

  it('names the instance that is slow', () => {
    const { state, text } = fleetVerdictOf(facts({ outliers: [slow] }));
    expect([state, text]).toEqual(['warning', 'pod-7: p99 4× (1.2 s, median 300 ms); no request fails.']);
  });

  it('names the route that fails, where, and the cause if it fails on this instance', () => {
    const traffic = { ...facts().traffic, failures: 138 };
    const verdict = fleetVerdictOf(facts({ traffic, failing: FAILING, causes: [CAUSE] }));
    expect(verdict).toMatchObject({
      state: 'critical',
      text: 'GET /deals has failed 69 % since 06:17 UTC, on pod-1 alone: TypeError in Deals.total.',
      route: { method: 'GET', route: '/deals' },
    });
    const elsewhere = { ...FAILING, instances: ['pod-2', 'pod-7'] };
    expect(fleetVerdictOf(facts({ traffic, failing: elsewhere, causes: [CAUSE] })).text).toBe(
      'GET /deals has failed 69 % since 06:17 UTC, on 2 of 3 instances.',
    );
  });

  it('says that nobody has asked the route since, and names no cause of before', () => {
    const traffic = { ...facts().traffic, failures: 138 };
    const silent = { ...FAILING, until: AT + 120_000, silentSince: AT + 120_000 };
    const text = (own: Partial<typeof silent>, causes = [CAUSE]) =>
      fleetVerdictOf(facts({ traffic, failing: { ...silent, ...own }, causes })).text;
    expect(text({})).toBe(
      'GET /deals failed 69 % from 06:17 UTC to 06:19 UTC, on pod-1 alone, no request since: TypeError in Deals.total.',
    );
    expect(text({ silentSince: AT + 180_000 }, [{ ...CAUSE, lastAt: AT - 60_000 }])).toBe(
      'GET /deals failed 69 % from 06:17 UTC to 06:19 UTC, on pod-1 alone, no request since 06:20 UTC.',
    );
  });

  it('counts the other routes that fail now', () => {
    const traffic = { ...facts().traffic, failures: 138 };
    expect(fleetVerdictOf(facts({ traffic, failing: FAILING, alsoFailing: 2 })).text).toBe(
      'GET /deals has failed 69 % since 06:17 UTC, on pod-1 alone; 2 more routes fail.',
    );
  });

  it('does not say when failures began that are older than what it has looked at', () => {
    const traffic = { ...facts().traffic, failures: 138 };
    expect(fleetVerdictOf(facts({ traffic, failing: { ...FAILING, isOlder: true } })).text).toBe(
      'GET /deals has failed 69 % since before 06:17 UTC, on pod-1 alone.',
    );
  });

  it('names what is slow now before what has failed, and links it', () => {
    const traffic = { ...facts().traffic, failures: 138 };
    const over = { ...FAILING, until: AT + 120_000 };
    const routes = [
      {
        instance: 'pod-7',
        method: 'GET',
        route: '/slow',
        text: 'p99 4×',
        p99Seconds: 1.2,
      },
    ];
    const verdict = fleetVerdictOf(facts({ traffic, failing: over, outliers: [slow], routes }));
    expect(verdict).toMatchObject({
      state: 'warning',
      text: 'pod-7: p99 4× (1.2 s, median 300 ms), most of all GET /slow; GET /deals failed 69 % from 06:17 UTC to 06:19 UTC, on pod-1 alone.',
      route: { method: 'GET', route: '/slow' },
    });
    const alone = fleetVerdictOf(facts({ traffic, failing: over }));
    expect(alone.route).toEqual({ method: 'GET', route: '/deals' });
  });

  it('names the instances that are down, and versions that differ', () => {
    const instances = [
      fleetInstance('pod-1'),
      fleetInstance('pod-2', { isUp: false }),
      fleetInstance('pod-7'),
    ];
    const versions = ['1.0', '2.0'].map((version) => ({ version, instances: ['x'] }));
    expect(fleetVerdictOf(facts({ instances, versions }))).toMatchObject({
      state: 'warning',
      text: 'pod-2 is down; no request fails; 2 versions run.',
    });
    const down = instances.map((each) => ({ ...each, isUp: false }));
    expect(fleetVerdictOf(facts({ instances: down })).text).toMatch(/^pod-1, pod-2 and pod-7 are down/);
  });

  it('is about the one instance that is chosen', () => {
    const instances = [fleetInstance('pod-2')];
    expect(fleetVerdictOf(facts({ instances, outliers: [slow] })).text).not.toContain('pod-7');
  });

  it('is bounded however many differ', () => {
    const instances = Array.from({ length: 200 }, (_, i) =>
      fleetInstance(`pod-${i} ${'x'.repeat(300)}`, { isUp: i > 90 }),
    );
    const outliers = instances.map(({ name }) => ({ ...slow, instance: name }));
    expect(fleetVerdictOf(facts({ instances, outliers })).text.length).toBeLessThan(2_000);
  });
});
