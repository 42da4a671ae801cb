import { describe, expect, it } from '@jest/globals';
import { leastGrowth, scalars, testRegistry } from './support.js';

/** All hundred thousand series would take more than ten times as much. */
const MOST_BYTES_OF_LIMITED = 1_500_000;
const MOST_BYTES_OF_REMOVED = 500_000;

describe('the series limit', () => {
  it('bounds memory under random label values', async () => {
    const { registry } = testRegistry({ seriesLimit: 1_000 });
    let metrics = 0;
    const growth = await leastGrowth(() => {
      const visits = registry.counter(`visits_${metrics++}_total`, 'Visits.', {
        labelNames: ['user'],
      });
      for (let i = 0; i < 100_000; i++) visits.inc({ user: `user ${Math.random()} ${i}` });
    }, MOST_BYTES_OF_LIMITED);
    expect(growth).toBeLessThan(MOST_BYTES_OF_LIMITED);
  });
});

describe('remove and reset', () => {
  it('keep memory bounded while series come and go, and old snapshots unchanged', async () => {
    const { registry } = testRegistry();
    const sessions = registry.gauge('session_bytes', 'Session size.', { labelNames: ['session'] });
    const kept = sessions.labels({ session: 'kept' });
    kept.set(1);
    sessions.set({ session: 'first' }, 2);
    const snapshot = registry.snapshot();
    const read = () => scalars(snapshot, 'session_bytes');
    const before = read();
    let i = 0;
    const growth = await leastGrowth(() => {
      for (const end = i + 100_000; i < end; i++) {
        sessions.set({ session: `session ${i}` }, i);
        sessions.remove({ session: `session ${i}` });
        kept.inc();
      }
    }, MOST_BYTES_OF_REMOVED);
    expect(growth).toBeLessThan(MOST_BYTES_OF_REMOVED);
    expect(kept.value()).toBe(i + 1);
    expect(scalars(registry, 'session_bytes')).toMatchObject([
      { labels: { session: 'kept' }, value: i + 1 },
      { labels: { session: 'first' }, value: 2 },
    ]);
    expect(read()).toEqual(before);
    expect(before.map(({ value }) => value)).toEqual([1, 2]);
  });
});
