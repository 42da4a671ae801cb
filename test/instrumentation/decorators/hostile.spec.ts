import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  MonitorModelOperation,
  MonitorPerformance,
  type MonitorPerformanceOptions,
  TrackErrors,
  TrackMetrics,
} from 'nestjs-monitoring';
import { BehaviorSubject, EMPTY, map, NEVER, range, take } from 'rxjs';
import { histograms } from '../../metrics/support.js';
import { closeAll, counts, type MeasuredApp, startMeasured } from '../support.js';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

/** An application, and a measured method that does this. */
async function measured<A extends unknown[], T>(
  work: (...args: A) => T,
  options: MonitorPerformanceOptions = {},
): Promise<MeasuredApp & { call: (...args: A) => T }> {
  class Orders {
    @MonitorPerformance({ name: 'process', ...options })
    process(...args: A): T {
      return work(...args);
    }
  }
  const started = await startMeasured([Orders]);
  const orders = started.app.get(Orders);
  return { ...started, call: (...args) => orders.process(...args) };
}

const throwing = (): never => {
  throw new Error('do not look');
};

async function* endless(): AsyncGenerator<number, string, number> {
  try {
    for (let sum = 0; ;) sum += yield sum;
  } finally {
    await Promise.resolve();
  }
}

describe('a returned value', () => {
  it.each<[string, object]>([
    ['a Subject', new BehaviorSubject(1)],
    ['a stream of Node that has ended', Readable.from(['a']).destroy()],
    ['a web stream', new ReadableStream()],
    ['a Map', new Map()],
    ['the iterator of a Map', new Map().values()],
    ['a function', () => undefined],
    [
      'a proxy whose traps throw',
      new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
    ],
    [
      'an object with a getter that throws',
      {
        get then() {
          return throwing();
        },
      },
    ],
  ])('is passed through unchanged: %s', async (_, value) => {
    const { call, registry } = await measured(() => value);

    expect(Object.is(call(), value)).toBe(true);
    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=success': 1 });
  });
});

describe('an Observable', () => {
  it('counts one call per subscription, and none without a subscription', async () => {
    const { call, registry, clock } = await measured(() => NEVER);
    const returned = call();
    expect(counts(registry, 'process_calls_total')).toEqual({});
    const first = returned.subscribe();
    clock.advance(1_000);
    const second = returned.subscribe();
    clock.advance(1_000);
    first.unsubscribe();
    second.unsubscribe();

    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=cancelled': 2 });
    expect(histograms(registry, 'process_duration_seconds')).toMatchObject([
      { count: 2, sum: 3, min: 1, max: 2 },
    ]);
  });

  it('without an end stops when its subscriber unsubscribes', async () => {
    const { call, registry } = await measured(() => range(0, Infinity));
    const got: number[] = [];
    call()
      .pipe(take(2))
      .subscribe((value) => got.push(value));

    expect(got).toEqual([0, 1]);
    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=cancelled': 1 });
  });

  it('is measured if it is piped from a Subject, or has no values', async () => {
    const subject = new BehaviorSubject(1);
    const { call, registry } = await measured((empty: boolean) =>
      empty ? EMPTY : subject.pipe(map((value) => value + 1)),
    );
    const got: unknown[] = [];
    call(false).subscribe((value) => got.push(value));
    call(true).subscribe();
    subject.next(2);
    subject.complete();

    expect(got).toEqual([2, 3]);
    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=success': 2 });
  });
});

describe('an iterator', () => {
  it('keeps next(), return() and throw()', async () => {
    const { call, registry } = await measured(endless);
    const iterator = call();
    expect(await iterator.next()).toEqual({ done: false, value: 0 });
    expect(await iterator.next(5)).toEqual({ done: false, value: 5 });
    expect(await iterator.next(6)).toEqual({ done: false, value: 11 });
    expect(await iterator.return('left')).toEqual({ done: true, value: 'left' });
    expect(await iterator.next(1)).toEqual({ done: true, value: undefined });
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    expect(Object.prototype.toString.call(iterator)).toBe('[object AsyncGenerator]');
    const error = new Error('declined');
    const other = call();
    await other.next();
    await expect(other.throw(error)).rejects.toBe(error);

    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=cancelled': 1, 'outcome=error': 1 });
  });

  it('is not counted before it has ended', async () => {
    const { call, registry } = await measured(endless);
    call();
    await call().next();

    expect(counts(registry, 'process_calls_total')).toEqual({});
  });

  it('is returned unchanged if it is frozen or breaks the protocol', async () => {
    const frozen = Object.freeze({
      next: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => frozen,
    });
    const { call, registry } = await measured((nonsense: boolean) =>
      nonsense ? { ...frozen, next: () => undefined } : frozen,
    );
    for await (const value of call(false) as AsyncIterable<unknown>) expect(value).toBe('nothing');
    const iterate = async (): Promise<void> => {
      for await (const value of call(true) as AsyncIterable<unknown>) expect(value).toBe('nothing');
    };
    await expect(iterate()).rejects.toThrow(TypeError);

    expect(counts(registry, 'process_calls_total')).toMatchObject({ 'outcome=success': 1 });
  });
});

describe('the error label', () => {
  class OutOfStock extends Error {}

  it.each<[string, unknown, string]>([
    ['a class of errors', new OutOfStock(), 'OutOfStock'],
    ['an error with a name of its own', Object.assign(new Error('x'), { name: 'user 7' }), 'Error'],
    ['a string', 'declined', 'string'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'object'],
    ['an object without a class', Object.create(null), 'unknown'],
    ['a class with an odd name', Object.assign(Object.create({ constructor: { name: 'a"b\n' } })), 'unknown'],
    ['a class whose name is not a string', Object.create({ constructor: { name: 5n } }), 'unknown'],
    ['a proxy whose traps throw', new Proxy({}, { get: throwing }), 'unknown'],
  ])('of %s', async (_, thrown, label) => {
    const { call, registry } = await measured(() => {
      throw thrown;
    });
    let caught: unknown;
    try {
      call();
    } catch (error) {
      caught = error;
    }

    expect(Object.is(caught, thrown)).toBe(true);
    expect(counts(registry, 'process_errors_total')).toEqual({ [`error=${label}`]: 1 });
  });
});

describe('a method', () => {
  const secret = Symbol('settle up');

  it('is measured if it is static, named by a symbol, or called on any receiver', async () => {
    class Orders {
      @MonitorPerformance()
      static create(): unknown {
        return this;
      }

      @MonitorPerformance()
      @MonitorModelOperation('settle')
      [secret](): unknown {
        return this;
      }
    }
    const { registry } = await startMeasured();
    expect(Orders.create()).toBe(Orders);
    const settle: (this: unknown) => unknown = Orders.prototype[secret];
    const proxy = new Proxy({}, { get: throwing, getPrototypeOf: throwing });
    for (const self of [undefined, null, 5, 'text', Object.create(null), Object.freeze({}), Orders]) {
      expect(settle.call(self)).toBe(self);
    }
    expect(Object.is(settle.call(proxy), proxy)).toBe(true);

    expect(counts(registry, 'orders_create_calls_total')).toEqual({ 'outcome=success': 1 });
    expect(counts(registry, 'orders_settle_up_calls_total')).toEqual({ 'outcome=success': 7 });
    expect(counts(registry, 'model_operation_total')).toMatchObject({ 'model=Orders operation=settle': 1 });
  });

  it('keeps its name, its length and its enumerability', () => {
    class Orders {
      @MonitorPerformance()
      @TrackMetrics({ counterName: 'orders_total' })
      async process(_id: string, _order: object): Promise<void> {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'process');

    expect(descriptor).toMatchObject({ enumerable: false, configurable: true, writable: true });
    expect(descriptor?.value).toHaveProperty('name', 'process');
    expect(descriptor?.value).toHaveLength(2);
    expect(Object.keys(Orders.prototype)).toEqual([]);
  });
});

describe('a class', () => {
  it('has each of its own public methods measured, and no other', async () => {
    class Base {
      inherited(): string {
        return 'inherited';
      }
    }
    @MonitorPerformance({ labels: { version: 'v1' } })
    class Orders extends Base {
      private readonly price = 5;
      get total(): number {
        return this.price;
      }
      list(): number {
        return this._load() + this.#count();
      }
      @MonitorPerformance({ name: 'special' })
      single(): void {}
      @TrackErrors({ metricName: 'errors_total' })
      fail(): never {
        return throwing();
      }
      _load(): number {
        return 1;
      }
      #count(): number {
        return 2;
      }
      static create(): Orders {
        return new Orders();
      }
    }
    const { app, registry } = await startMeasured([Orders]);
    const orders = app.get(Orders);
    expect([orders.total, orders.list(), orders.inherited()]).toEqual([5, 3, 'inherited']);
    orders.single();
    expect(() => orders.fail()).toThrow('do not look');
    Orders.create();

    const names = registry.getAllMetrics().map(({ name }) => name);
    expect(names.filter((name) => name.endsWith('_calls_total')).toSorted()).toEqual([
      'orders_fail_calls_total',
      'orders_list_calls_total',
      'special_calls_total',
    ]);
    expect(counts(registry, 'orders_list_calls_total')).toEqual({ 'version=v1 outcome=success': 1 });
    expect(counts(registry, 'orders_fail_errors_total')).toEqual({ 'version=v1 error=Error': 1 });
    expect(counts(registry, 'errors_total')).toEqual({ '': 1 });
  });

  it('uses its name option as the prefix of its methods', async () => {
    @MonitorPerformance({ name: 'api' })
    class Orders {
      listAll(): void {}
    }
    const { app, registry } = await startMeasured([Orders]);
    app.get(Orders).listAll();

    expect(counts(registry, 'api_list_all_calls_total')).toEqual({ 'outcome=success': 1 });
  });
});

describe('a sample', () => {
  it.each([
    [0, 0],
    [0.25, 1],
    [1, 4],
  ])('rate of %d times that fraction of the calls, and every call is counted', async (sampleRate, timed) => {
    const { call, registry } = await measured((fails: boolean) => fails && throwing(), { sampleRate });
    // Only now: Nest draws the identifiers of providers.
    const draws = [0.9, 0.24, 0.25, 0.5];
    jest.spyOn(Math, 'random').mockImplementation(() => draws.pop() ?? throwing());
    call(false);
    call(false);
    call(false);
    expect(() => call(true)).toThrow('do not look');

    expect(counts(registry, 'process_calls_total')).toEqual({ 'outcome=success': 3, 'outcome=error': 1 });
    expect(counts(registry, 'process_errors_total')).toEqual({ 'error=Error': 1 });
    expect(histograms(registry, 'process_duration_seconds')).toMatchObject([{ count: timed }]);
  });
});

describe('concurrent calls', () => {
  it('are timed independently', async () => {
    const { call, registry, clock } = await measured((work: Promise<void>) => work);
    const ends: (() => void)[] = [];
    const until = (): Promise<void> => new Promise((resolve) => void ends.push(resolve));
    const calls = [call(until()), call(until())];
    clock.advance(1_000);
    ends[1]?.();
    await calls[1];
    clock.advance(1_000);
    ends[0]?.();
    await calls[0];

    expect(histograms(registry, 'process_duration_seconds')).toMatchObject([{ count: 2, sum: 3 }]);
  });
});
