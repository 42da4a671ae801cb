import { describe, expect, it } from '@jest/globals';
import { MINUTE, past } from '../history/support.js';

function finished<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

const METRIC = 'query_duration_seconds';

describe('a number at several times', () => {
  const test = past();
  const duration = test.registry.timer(METRIC, 'Queries.', { buckets: [0.1, 10] });
  test.history.retain({ metric: METRIC });
  duration.observe(0.3);
  test.run(8, (index) => {
    for (let i = 0; i < index; i++) duration.observe(0.2 + i / 100);
  });
  const { history } = test;
  const moments = history.timestamps(METRIC).slice(1);
  const range = (statistic: Parameters<typeof history.queryRange>[1]) =>
    finished(history.queryRange(METRIC, statistic, 2 * MINUTE, moments, {}))[0]?.values ?? [];

  it.each(['rate', 'increase'] as const)(
    'is the %s that a reading at each of them has over the time that is covered',
    (statistic) => {
      const read = moments.map(
        (at) => history[statistic](METRIC, history.coveredMs(METRIC, 2 * MINUTE, { at }), { at })[0]?.value,
      );
      expect([...range(statistic)]).toEqual(read);
    },
  );

  it('is a quantile of classic buckets within the values that were observed', () => {
    const quantiles = [...range({ quantiles: [0.99] })].slice(1);
    expect(quantiles.length).toBeGreaterThan(3);
    // The bucket from 0.1 to 10 alone would give some 9.9.
    for (const value of quantiles) {
      expect(value).toBeGreaterThanOrEqual(0.2);
      expect(value).toBeLessThanOrEqual(0.3);
    }
  });
});
