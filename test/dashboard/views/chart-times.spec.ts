import { describe, expect, it } from '@jest/globals';
import type { DashboardHistory } from '../../../lib/dashboard/dashboard-history.js';
import { chartTimes } from '../../../lib/dashboard/views/chart-times.js';

const historyOf = (...times: number[]): DashboardHistory =>
  ({ lastSample: times.at(-1), timestamps: () => times }) as unknown as DashboardHistory;

describe('the times of the points of a chart', () => {
  it('are those of the samples in the range, without its start and with its end', () => {
    expect(chartTimes(historyOf(10, 20, 30, 40), 'a_total', { rangeMs: 20 }, 10)).toEqual([30, 40]);
    expect(chartTimes(historyOf(10, 20, 30, 40), 'a_total', { rangeMs: 20, until: 30 }, 10)).toEqual([
      20, 30,
    ]);
  });

  it('are none before the first sample', () => {
    expect(chartTimes(historyOf(), 'a_total', { rangeMs: 20 }, 10)).toEqual([]);
  });

  it('are at most as many as asked for, at equal distances before the last one', () => {
    const times = Array.from({ length: 100 }, (_, i) => i + 1);
    for (const maximum of [1, 2, 3, 7, 33, 99]) {
      const shown = chartTimes(historyOf(...times), 'a_total', { rangeMs: 1_000 }, maximum);
      expect(shown.length).toBeLessThanOrEqual(maximum);
      expect(shown.at(-1)).toBe(100);
      expect(new Set(shown.slice(1).map((time, i) => time - shown[i]!)).size).toBeLessThanOrEqual(1);
    }
  });
});
