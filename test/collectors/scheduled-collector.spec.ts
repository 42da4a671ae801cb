import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ScheduledCollector } from '../../lib/collectors/scheduled-collector.js';
import type { CollectorRunner } from '../../lib/metrics/collector-runner.js';

describe('a collector at an interval', () => {
  afterEach(() => void jest.useRealTimers());

  it('that is longer than a timer supports runs as seldom as that allows, not all the time', async () => {
    jest.useFakeTimers();
    let runs = 0;
    const runner = {
      isRunning: () => false,
      run: () => {
        runs++;
        return Promise.resolve({ seconds: 0 });
      },
    } as unknown as CollectorRunner;
    const scheduled = new ScheduledCollector(
      { name: 'rare', metricNames: [], collect: () => undefined },
      3 * 2 ** 31,
      runner,
    );
    scheduled.start();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(runs).toBe(0);
    await jest.advanceTimersByTimeAsync(2 ** 31);
    expect(runs).toBe(1);
    scheduled.stop();
  });
});
