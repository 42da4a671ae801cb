import { describe, expect, it } from '@jest/globals';
import { ConcurrencyLimiter } from '../../../lib/alerting/notifications/concurrency-limiter.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a limiter of concurrent tasks', () => {
  it('runs at most so many tasks at a time, in the order of their arrival', async () => {
    const limiter = new ConcurrencyLimiter(2, 0);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const results = [0, 1, 2, 3].map((task) =>
      limiter.run(async () => {
        started.push(task);
        await new Promise<void>((resolve) => ends.push(resolve));
        return task;
      }),
    );
    await turn();
    expect(started).toEqual([0, 1]);
    ends[1]?.();
    await turn();
    expect(started).toEqual([0, 1, 2]);
    ends[0]?.();
    await turn();
    for (const end of ends) end();
    await expect(Promise.all(results)).resolves.toEqual([0, 1, 2, 3]);
  });

  it('lets others run beside tasks that give way, up to a limit', async () => {
    const limiter = new ConcurrencyLimiter(1, 2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const tasks = [0, 1, 2, 3, 4].map((task) =>
      limiter.run(async (giveWay) => {
        started.push(task);
        giveWay();
        giveWay();
        await new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await turn();
    expect(started).toEqual([0, 1, 2]);
    // One that gave way has ended, so that another one may: two more run, the second beside the first.
    ends[0]?.();
    await turn();
    expect(started).toEqual([0, 1, 2]);
    ends[2]?.();
    await turn();
    expect(started).toEqual([0, 1, 2, 3, 4]);
    for (const end of ends) end();
    await Promise.all(tasks);
  });

  it('runs the next task after one that fails, at once or later', async () => {
    const limiter = new ConcurrencyLimiter(1, 0);
    const failAtOnce = (): Promise<never> => {
      throw new Error('at once');
    };
    await expect(limiter.run(failAtOnce)).rejects.toThrow('at once');
    await expect(limiter.run(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    await expect(limiter.run(() => Promise.resolve('runs'))).resolves.toBe('runs');
  });
});
