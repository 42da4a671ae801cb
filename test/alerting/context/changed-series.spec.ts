import { describe, expect, it } from '@jest/globals';
import { changedSeries } from '../../../lib/alerting/context/changed-series.js';
import { MINUTE, SECOND, testAlerting } from '../support.js';

/** The changes after ten minutes of one thing and five of another, for each series a number for each. */
async function changes(gauges: Readonly<Record<string, readonly [before: number, now: number]>>) {
  const { registry, history, clock, step, alerting } = testAlerting();
  const gauge = registry.gauge('queue_length', 'Jobs', { labelNames: ['queue'] });
  history.retain({ metric: 'queue_length', windowMs: 30 * MINUTE });
  alerting.start();
  for (const which of [0, 0, 1] as const) {
    for (let i = 0; i < (5 * MINUTE) / (15 * SECOND); i++) {
      await step(() => {
        for (const [queue, values] of Object.entries(gauges)) gauge.set({ queue }, values[which]);
      });
    }
  }
  const work = changedSeries(history, 5 * MINUTE, clock.now());
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value.map(({ labels, ...change }) => ({ queue: labels['queue'], ...change }));
  }
}

describe('the series that changed', () => {
  it('are ranked by how much they changed, and how much of their metric they are', async () => {
    const found = await changes({ same: [50, 50], small: [1, 2], large: [10, 1_000], gone: [40, 0] });
    expect(found.map(({ queue }) => queue)).toEqual(['large', 'gone', 'small']);
    expect(found[0]).toMatchObject({ metric: 'queue_length', before: 10 });
    expect(found[0]?.now).toBeGreaterThan(900);
  });

  it('are none where nothing changed', async () => {
    expect(await changes({ a: [5, 5], b: [0, 0] })).toEqual([]);
  });

  it('are ten at most', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`q${i}`, [1, 2 + i]] as const));
    expect(await changes(many)).toHaveLength(10);
  });

  it.each([
    ['negative', [-5, -50]],
    ['infinite', [1, Infinity]],
    ['not a number', [1, NaN]],
  ] as const)('do not fail over values that are %s', async (_, values) => {
    const found = await changes({ odd: values, sound: [1, 9] });
    expect(found.map(({ queue }) => queue)).toContain('sound');
    expect(found.filter(({ score }) => !Number.isFinite(score))).toEqual([]);
  });
});
