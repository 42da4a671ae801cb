import { describe, expect, it } from '@jest/globals';
import { PromqlLines } from '../../../lib/dashboard/panels/promql-lines.js';
import type { Line } from '../../../lib/dashboard/views/view-data.js';
import { MINUTE, past, SECOND } from '../../history/support.js';

function shops(samples: number) {
  const { registry, history, run, clock } = past({ intervalMs: 15 * SECOND, retentionMs: 60 * MINUTE });
  const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] });
  history.retain({ metric: 'orders_total' });
  for (const shop of ['a', 'b']) orders.inc({ shop }, 0);
  run(samples, () => {
    orders.inc({ shop: 'a' }, 30);
    orders.inc({ shop: 'b' }, 15);
  });
  return { lines: new PromqlLines(history, history), history, clock };
}

function read(lines: PromqlLines, promql: string, times: readonly number[], name?: string): Line[] {
  const steps = lines.read({ promql, ...(name !== undefined && { name }) }, times);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

describe('the lines of a query over the history of this process', () => {
  it('are what the query is at each time, named by their labels', () => {
    const { lines, clock } = shops(20);
    const at = clock.now();
    const found = read(lines, 'sum by (shop) (rate(orders_total[1m])) * 60', [at - 30_000, at], 'a minute');
    expect(found).toEqual([
      { name: 'a a minute', values: [120, 120] },
      { name: 'b a minute', values: [60, 60] },
    ]);
  });

  it('are called by the query where they have neither a label nor a name, and have gaps without samples', () => {
    const { lines, clock } = shops(8);
    const at = clock.now();
    const promql = 'sum(rate(orders_total[1m]))';
    expect(read(lines, promql, [at - 30 * MINUTE, at])).toEqual([{ name: promql, values: [null, 3] }]);
  });

  it('have times of samples in the range, at most 120, the last one among them', () => {
    const { lines, history } = shops(200);
    const last = history.lastSample!;
    const times = lines.timesOf([{ promql: 'orders_total' }], { rangeMs: 60 * MINUTE });
    expect(times.length).toBeLessThanOrEqual(120);
    expect(times.length).toBeGreaterThan(60);
    expect(times.at(-1)).toBe(last);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const few = lines.timesOf([{ promql: 'orders_total' }], { rangeMs: MINUTE, until: last - MINUTE });
    expect(few).toEqual([105, 90, 75, 60].map((seconds) => last - seconds * SECOND));
    // A line of a metric that does not exist yet leaves the others their times.
    const both = [{ promql: 'nobody_total' }, { promql: 'orders_total' }];
    expect(lines.timesOf(both, { rangeMs: MINUTE, until: last - MINUTE })).toEqual(few);
  });

  it('are none of a metric that does not exist yet', () => {
    const { lines } = shops(3);
    expect(lines.timesOf([{ promql: 'nobody_total' }], { rangeMs: MINUTE })).toEqual([]);
    expect(lines.metricsOf({ promql: 'rate(nobody_total[1m]) / rate(orders_total[1m])' })).toEqual([
      'nobody_total',
      'orders_total',
    ]);
  });
});
