import { describe, expect, it } from '@jest/globals';
import { dropped, histograms, testRegistry } from './support.js';
import { nextUnhandledRejection } from '../support/unhandled-rejection.js';

function queryTimer() {
  const { registry, clock } = testRegistry();
  return { registry, clock, query: registry.timer('db_query_duration_seconds', 'Query time.') };
}

describe('Timer', () => {
  it('is a histogram of seconds', () => {
    const { registry, query } = queryTimer();
    query.observe(0.3);
    expect(histograms(registry, 'db_query_duration_seconds')).toMatchObject([{ count: 1, sum: 0.3 }]);
    expect(registry.getMetric('db_query_duration_seconds')).toMatchObject({
      type: 'histogram',
      kind: 'timer',
    });
  });

  describe('time', () => {
    it('returns the result of a function and records its duration', () => {
      const { query, clock } = queryTimer();
      const result = { rows: 3 };
      const returned = query.time(() => {
        clock.advance(1_500);
        return result;
      });
      expect(returned).toBe(result);
      expect([query.count(), query.sum()]).toEqual([1, 1.5]);
    });

    it('resolves with the value of a promise and records its duration', async () => {
      const { query, clock } = queryTimer();
      const { promise, resolve } = withResolvers<string>();
      const returned = query.time(() => promise);
      clock.advance(250);
      await Promise.resolve();
      expect(query.count()).toBe(0);
      resolve('rows');
      expect(await returned).toBe('rows');
      expect([query.count(), query.sum()]).toEqual([1, 0.25]);
    });

    it('rethrows the same error and records the duration', () => {
      const { query, clock } = queryTimer();
      const error = new Error('syntax');
      const run = (): unknown =>
        query.time(() => {
          clock.advance(20);
          throw error;
        });
      expect(caught(run)).toBe(error);
      expect([query.count(), query.sum()]).toEqual([1, 0.02]);
    });

    it('rejects with the same error and records the duration', async () => {
      const { query, clock } = queryTimer();
      const { promise, reject } = withResolvers<string>();
      const error = new Error('connection lost');
      const returned = query.time(() => promise);
      clock.advance(40);
      reject(error);
      await expect(returned).rejects.toBe(error);
      expect([query.count(), query.sum()]).toEqual([1, 0.04]);
    });

    it('runs a lazy thenable only once', async () => {
      const { query } = queryTimer();
      let runs = 0;
      const lazyQuery: PromiseLike<number> = {
        then: (onfulfilled, onrejected) => Promise.resolve(++runs).then(onfulfilled, onrejected),
      };
      expect(await query.time(() => lazyQuery)).toBe(1);
      expect([runs, query.count()]).toEqual([1, 1]);
    });

    it('leaves an unhandled rejection unhandled', async () => {
      const { query } = queryTimer();
      const unhandled = nextUnhandledRejection();
      const error = new Error('nobody looks');
      void query.time(() => Promise.reject(error));
      expect(await unhandled).toBe(error);
    });

    it('treats a result whose then cannot be read as a value', () => {
      const { query } = queryTimer();
      const odd = Object.defineProperty({}, 'then', {
        get: () => {
          throw new Error('not for you');
        },
      });
      expect(query.time(() => odd)).toBe(odd);
      expect(query.count()).toBe(1);
    });

    it('takes labels as the first argument if the metric has labels', async () => {
      const { registry, clock } = testRegistry();
      const query = registry.timer('db_query_duration_seconds', 'Query time.', { labelNames: ['table'] });
      query.time({ table: 'deals' }, () => clock.advance(1_000));
      query.labels({ table: 'deals' }).time(() => clock.advance(1_000));
      await query.time({ table: 'users' }, () => Promise.resolve());
      expect(query.sum({ table: 'deals' })).toBe(2);
      expect(query.count({ table: 'users' })).toBe(1);
    });

    it('runs the function even if its labels are invalid', () => {
      const { registry } = testRegistry();
      const query = registry.timer('db_query_duration_seconds', 'Query time.', { labelNames: ['table'] });
      const wrong = { tabel: 'deals' } as unknown as { table: string };
      expect(query.time(wrong, () => 'done')).toBe('done');
      expect(query.seriesCount).toBe(0);
      expect(dropped(registry)).toEqual({ 'db_query_duration_seconds unknown_label': 1 });
    });
  });

  describe('start', () => {
    it('measures until stop, which returns the seconds', () => {
      const { query, clock } = queryTimer();
      const stop = query.start();
      clock.advance(750);
      expect(stop()).toBe(0.75);
      expect(query.sum()).toBe(0.75);
    });

    it('counts only the first stop', () => {
      const { query, clock } = queryTimer();
      const stop = query.start();
      clock.advance(100);
      stop();
      clock.advance(900);
      expect(stop()).toBe(0.1);
      stop[Symbol.dispose]();
      expect([query.count(), query.sum()]).toEqual([1, 0.1]);
    });

    it('measures a block with `using`, also if it throws', () => {
      const { query, clock } = queryTimer();
      const error = new Error('left early');
      const run = (): void => {
        using timing = query.start();
        expect(typeof timing).toBe('function');
        clock.advance(300);
        throw error;
      };
      expect(caught(run)).toBe(error);
      expect([query.count(), query.sum()]).toEqual([1, 0.3]);
    });

    it('measures concurrently with different labels', () => {
      const { registry, clock } = testRegistry();
      const query = registry.timer('db_query_duration_seconds', 'Query time.', { labelNames: ['table'] });
      const stopDeals = query.start({ table: 'deals' });
      clock.advance(100);
      const stopUsers = query.labels({ table: 'users' }).start();
      clock.advance(100);
      stopDeals();
      stopUsers();
      expect([query.sum({ table: 'deals' }), query.sum({ table: 'users' })]).toEqual([0.2, 0.1]);
    });
  });

  describe('timeFunc', () => {
    it('returns a function with the same name, length, this and arguments', () => {
      const { query, clock } = queryTimer();
      const account = { balance: 10 };
      function deposit(this: { balance: number }, amount: number, times: number): number {
        clock.advance(5);
        return (this.balance += amount * times);
      }
      const timed = query.timeFunc(deposit);
      expect([timed.name, timed.length]).toEqual(['deposit', 2]);
      expect(timed.call(account, 3, 2)).toBe(16);
      expect(account.balance).toBe(16);
      expect([query.count(), query.sum()]).toEqual([1, 0.005]);
    });

    it('times each call of an async function until it settles', async () => {
      const { query, clock } = queryTimer();
      const load = query.timeFunc(async (id: number) => {
        await Promise.resolve();
        clock.advance(1_000);
        if (id < 0) throw new RangeError(`no row ${id}`);
        return `row ${id}`;
      });
      expect(await load(1)).toBe('row 1');
      await expect(load(-1)).rejects.toThrow('no row -1');
      expect([query.count(), query.sum()]).toEqual([2, 2]);
    });

    it('takes labels as the first argument if the metric has labels', () => {
      const { registry } = testRegistry();
      const query = registry.timer('db_query_duration_seconds', 'Query time.', { labelNames: ['table'] });
      const double = query.timeFunc({ table: 'deals' }, (n: number) => n * 2);
      expect(double(21)).toBe(42);
      expect(query.labels({ table: 'deals' }).timeFunc((n: number) => n)(7)).toBe(7);
      expect(query.count({ table: 'deals' })).toBe(2);
    });
  });

  it('can be defined as one bound series', () => {
    const { registry, clock } = testRegistry();
    const options = { labels: { table: 'deals' }, buckets: [1, 2] };
    registry.timer('db_query_duration_seconds', 'Query time.', options).time(() => clock.advance(1_500));
    expect(histograms(registry, 'db_query_duration_seconds')).toMatchObject([
      { labels: { table: 'deals' }, sum: 1.5, buckets: [{ count: 0 }, { count: 1 }, { count: 1 }] },
    ]);
  });

  it('example: finds the slow queries of a page', async () => {
    const { query, clock } = queryTimer();
    const runQuery = (ms: number) => query.time(async () => clock.advance(ms));
    for (const ms of [3, 4, 4, 5, 5, 6, 7, 8, 9, 2_000]) await runQuery(ms);
    expect(query.percentile(0.5)).toBeCloseTo(0.005, 4);
    expect(query.percentile(1)).toBe(2);
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected it to throw');
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
