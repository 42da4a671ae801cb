import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { RecentCollections } from '../../../lib/diagnostics/blocked-loop/recent-collections.js';

setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

const whenKnown = (collections: RecentCollections): Promise<void> =>
  new Promise((resolve) => collections.whenKnown(resolve));

describe('the recent collections of garbage', () => {
  it('are known a moment later, with the part of their time that is asked for', async () => {
    const collections = new RecentCollections();
    collections.start();
    const from = performance.now();
    for (let i = 0; i < 3; i++) collect();
    const until = performance.now();
    await whenKnown(collections);
    const all = collections.msBetween(from, until);
    expect(all).toBeGreaterThan(0);
    expect(all).toBeLessThanOrEqual(until - from);
    const middle = (from + until) / 2;
    expect(collections.msBetween(from, middle) + collections.msBetween(middle, until)).toBeCloseTo(all, 3);
    expect(collections.msBetween(from - 1_000, from - 900)).toBe(0);
    collections.stop();
    expect(collections.msBetween(from, until)).toBe(0);
  });

  it('are bounded', async () => {
    const collections = new RecentCollections();
    collections.start();
    const from = performance.now();
    for (let i = 0; i < 250; i++) collect({ type: 'minor' });
    await whenKnown(collections);
    expect((collections as unknown as { readonly recent: unknown[] }).recent.length).toBeLessThanOrEqual(200);
    expect(collections.msBetween(from, performance.now())).toBeGreaterThan(0);
    collections.stop();
  });
});
