import { describe, expect, it } from '@jest/globals';
import { leastGrowth } from '../metrics/support.js';
import { past } from './support.js';

describe('the memory of the history', () => {
  it('is close to its estimate', async () => {
    const { registry, history, store, run } = past();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['id'] });
    const duration = registry.timer('work_duration_seconds', 'Work.', { labelNames: ['id'] });
    for (let i = 0; i < 400; i++) {
      requests.inc({ id: `${i}` });
      duration.observe({ id: `${i}` }, i);
    }
    run(1);
    const release = [
      history.retain({ metric: 'requests_total' }),
      history.retain({ metric: 'work_duration_seconds' }),
    ];
    const grown = await leastGrowth(
      () => {
        store.forget();
        run(2);
      },
      undefined,
      1,
    );
    const counted = history.bytes;
    expect(counted).toBeGreaterThan(10_000_000);
    expect(grown).toBeLessThan(counted * 1.1);
    release.forEach((end) => end());
    run(1);
    expect(history.bytes).toBe(0);
  });
});
