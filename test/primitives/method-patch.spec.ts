import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Guard } from '../../lib/primitives/guard.js';
import {
  type CallObserver,
  observeCallback,
  observeFunction,
  patchMethod,
  patchStart,
} from '../../lib/primitives/method-patch.js';
import { nextUnhandledRejection } from '../support/unhandled-rejection.js';

/** A client as a library has one: a private field, a symbol, methods of every kind. */
class Client {
  #calls = 0;

  add(a: number, b = 1): number {
    this.#calls++;
    return a + b;
  }

  fail(): never {
    throw new RangeError('no');
  }

  async load(value: unknown): Promise<unknown> {
    this.#calls++;
    return Promise.resolve(value);
  }

  async reject(error: unknown): Promise<never> {
    return Promise.reject(error);
  }

  callBack(value: unknown, callback: (error: unknown, value: unknown) => unknown): unknown {
    return callback.call(this, null, value);
  }

  get calls(): number {
    return this.#calls;
  }
}

function setUp() {
  const errors: unknown[] = [];
  return { errors, guard: new Guard((error) => errors.push(error)) };
}

const boom = (): never => {
  throw new Error('of ours');
};

/** Every way in which what we put into a call can fail. */
const FAULTY_OBSERVERS: Readonly<Record<string, () => CallObserver>> = {
  'cannot begin': boom,
  'cannot be told that it returned': () => ({ returned: boom }),
  'cannot be told that it threw': () => ({ threw: boom }),
  'cannot be told of a value': () => ({ fulfilled: boom }),
  'cannot be told of a rejection': () => ({ rejected: boom }),
  'cannot replace the result': () => ({ replaceResult: boom }),
  'has getters that throw': () =>
    Object.defineProperties(
      {},
      {
        returned: { get: boom },
        threw: { get: boom },
      },
    ),
};

describe('a patched method', () => {
  it.each(Object.entries(FAULTY_OBSERVERS))(
    'does for its caller what it did before, with an observer that %s',
    async (_, faulty) => {
      const { guard } = setUp();
      const client = new Client();
      for (const name of ['add', 'fail', 'load', 'reject', 'callBack'])
        patchMethod(client, name, guard, faulty);
      expect(client.add(1)).toBe(2);
      expect(client.add(1, 5)).toBe(6);
      expect(() => client.fail()).toThrow(RangeError);
      const value = {};
      expect(await client.load(value)).toBe(value);
      const error = new Error('theirs');
      await expect(client.reject(error)).rejects.toBe(error);
      expect(client.callBack(value, (_error, given) => given)).toBe(value);
      expect(client.calls).toBe(3);
    },
  );

  it('reports errors of the observer', () => {
    const { guard, errors } = setUp();
    const client = new Client();
    patchMethod(client, 'add', guard, boom);
    client.add(1);
    client.add(1);
    expect(errors).toEqual([new Error('of ours'), new Error('of ours')]);
  });

  it('survives an error of the report itself', () => {
    const client = new Client();
    patchMethod(client, 'add', new Guard(boom), boom);
    expect(client.add(1)).toBe(2);
  });

  it('notifies its observer of the result of each call', async () => {
    const { guard } = setUp();
    const client = new Client();
    const told: unknown[] = [];
    const observe = (args: readonly unknown[]): CallObserver => ({
      returned: (result) => told.push(['returned', args, result instanceof Promise ? 'promise' : result]),
      threw: (error) => told.push(['threw', args, error]),
      fulfilled: (value) => told.push(['fulfilled', value]),
      rejected: (error) => told.push(['rejected', error]),
    });
    for (const name of ['add', 'fail', 'load', 'reject']) patchMethod(client, name, guard, observe);
    client.add(2);
    expect(() => client.fail()).toThrow();
    await client.load('x');
    await client.reject('y').catch(() => undefined);
    expect(told).toEqual([
      ['returned', [2], 3],
      ['threw', [], new RangeError('no')],
      ['returned', ['x'], 'promise'],
      ['fulfilled', 'x'],
      ['returned', ['y'], 'promise'],
      ['rejected', 'y'],
    ]);
  });

  it('keeps the name, the length, the symbols and the metadata of the method', () => {
    const { guard } = setUp();
    const custom = Symbol('custom');
    const method = Object.assign(function query(_a: unknown, _b: unknown, _c: unknown) {}, {
      [custom]: 1,
      [promisify.custom]: async () => 'promisified',
    });
    Reflect.defineMetadata('key', 'value', method);
    const client = { query: method };
    patchMethod(client, 'query', guard, () => undefined);
    expect(client.query).not.toBe(method);
    expect(client.query.name).toBe('query');
    expect(client.query.length).toBe(3);
    expect(client.query[custom]).toBe(1);
    expect(promisify(client.query)).toBe(method[promisify.custom]);
    expect(Reflect.getMetadata('key', client.query)).toBe('value');
    expect(Object.keys(client)).toEqual(['query']);
    expect('prototype' in client.query).toBe(true);
  });

  it('is restored when the patch is removed', () => {
    const { guard } = setUp();
    const client = new Client();
    const before = Reflect.get(client, 'add');
    const remove = patchMethod(client, 'add', guard, () => undefined);
    expect(Object.keys(client)).toEqual([]);
    remove();
    expect(Reflect.get(client, 'add')).toBe(before);
    expect(Object.hasOwn(client, 'add')).toBe(false);
  });

  it.each([
    ['the first first', [0, 1, 2]],
    ['the last first', [2, 1, 0]],
    ['the middle first', [1, 0, 2]],
    ['the middle last', [2, 0, 1]],
  ])('is as before when several patches are removed, %s', (_, order) => {
    const guard = new Guard(() => undefined);
    for (const object of [new Client(), { add: (a: number) => a }]) {
      const before = Object.getOwnPropertyDescriptors(object);
      const stops = [0, 1, 2].map(() => patchMethod(object, 'add', guard, () => undefined));
      for (const i of order) stops[i]?.();
      expect(Object.getOwnPropertyDescriptors(object)).toEqual(before);
    }
  });

  it('is not called if its observer skips the call', () => {
    const client = new Client();
    let hasReturned = false;
    patchMethod(client, 'fail', new Guard(() => undefined), () => ({
      isSkipped: true,
      returned: () => (hasReturned = true),
    }));
    expect(client.fail()).toBeUndefined();
    expect(hasReturned).toBe(false);
  });

  it('keeps a later patch of other code when its own is removed', () => {
    const { guard } = setUp();
    const client = new Client();
    let calls = 0;
    const remove = patchMethod(client, 'add', guard, () => void calls++);
    const ours = Reflect.get(client, 'add');
    client.add = function (...args) {
      return 10 * Reflect.apply(ours, this, args);
    };
    remove();
    expect(client.add(1)).toBe(20);
    expect(calls).toBe(0);
  });

  it('keeps the class of a promise of a subclass', async () => {
    class Query extends Promise<string> {}
    const { guard } = setUp();
    const client = { query: () => Query.resolve('rows') };
    patchMethod(client, 'query', guard, () => ({ fulfilled: () => undefined }));
    const result = client.query();
    expect(result).toBeInstanceOf(Query);
    expect(await result).toBe('rows');
  });

  it.each<[string, (value: string) => PromiseLike<string> & { runs: number }]>([
    [
      'that runs when it is awaited',
      (value) => ({
        runs: 0,
        then(onFulfilled?: ((value: string) => unknown) | null) {
          this.runs++;
          return Promise.resolve(value).then(onFulfilled) as never;
        },
      }),
    ],
    [
      'whose then() calls back at once',
      (value) => ({
        runs: 0,
        then(onFulfilled?: ((value: string) => unknown) | null) {
          this.runs++;
          onFulfilled?.(value);
          return undefined as never;
        },
      }),
    ],
  ])('returns a thenable %s unchanged without starting it', async (_, make) => {
    const { guard } = setUp();
    const builder = make('rows');
    const told: unknown[] = [];
    const client = { select: () => builder };
    patchMethod(client, 'select', guard, () => ({ fulfilled: (value) => told.push(value) }));
    const selected = client.select();
    expect(selected).toBe(builder);
    expect(builder.runs).toBe(0);
    expect(await selected).toBe('rows');
    expect(builder.runs).toBe(1);
    expect(told).toEqual(['rows']);
  });

  it.each([undefined, null, 0, '', Object.freeze({}), () => 1])('returns %s unchanged', (value) => {
    const { guard, errors } = setUp();
    const client = { get: () => value };
    patchMethod(client, 'get', guard, () => ({ fulfilled: boom, rejected: boom }));
    expect(client.get()).toBe(value);
    expect(errors).toEqual([]);
  });

  it.each<[string, object]>([
    ['a frozen object', Object.freeze({ get: () => 1 })],
    ['no such method', {}],
    ['a property that is no method', { get: 1 }],
    [
      'a getter that throws',
      {
        get get() {
          return boom();
        },
      },
    ],
    ['a proxy that refuses', new Proxy({ get: () => 1 }, { defineProperty: () => false })],
    ['a proxy that throws', new Proxy({ get: () => 1 }, { getOwnPropertyDescriptor: boom })],
  ])('ignores %s without an error', (_, object) => {
    const { guard } = setUp();
    const remove = patchMethod(object, 'get', guard, boom);
    expect(remove).not.toThrow();
  });

  it('leaves an unhandled rejection visible to the process', async () => {
    const { guard } = setUp();
    const client = new Client();
    patchMethod(client, 'reject', guard, () => ({ rejected: () => undefined }));
    const unhandled = nextUnhandledRejection();
    void client.reject('nobody cares');
    expect(await unhandled).toBe('nobody cares');
  });
});

describe('a method whose starts are observed', () => {
  it('is called with the same this and arguments, and the observer sees the first three', () => {
    const { guard, errors } = setUp();
    const seen: unknown[] = [];
    const target = {
      factor: 2,
      sum(...values: number[]): number {
        return this.factor * values.reduce((sum, value) => sum + value, 0);
      },
    };
    patchStart(target, 'sum', guard, (...started) => void seen.push(started));
    expect(target.sum(1, 2, 3, 4)).toBe(20);
    expect(target.sum()).toBe(0);
    expect(seen).toEqual([
      [1, 2, 3],
      [undefined, undefined, undefined],
    ]);
    expect(target.sum.name).toBe('sum');
    expect(errors).toEqual([]);
  });

  it('runs even if the observer throws, whose error is reported', () => {
    const { guard, errors } = setUp();
    const client = new Client();
    patchStart(client, 'add', guard, boom);
    expect(client.add(2)).toBe(3);
    expect(errors).toEqual([new Error('of ours')]);
  });

  it('throws its own error', () => {
    const { guard } = setUp();
    const client = new Client();
    patchStart(client, 'fail', guard, () => undefined);
    expect(() => client.fail()).toThrow(new RangeError('no'));
  });

  it('is no longer observed once the patch is removed, even under a later patch', () => {
    const { guard } = setUp();
    const client = new Client();
    let starts = 0;
    const restore = patchStart(client, 'add', guard, () => void starts++);
    patchMethod(client, 'add', guard, () => undefined);
    restore();
    expect(client.add(2)).toBe(3);
    expect(starts).toBe(0);
  });
});

describe('an observed callback', () => {
  it('is called unchanged even if the observer throws', () => {
    const { guard, errors } = setUp();
    const receiver = {};
    const calls: unknown[] = [];
    function callback(this: unknown, error: unknown, rows: unknown): string {
      calls.push([this, error, rows]);
      return 'result';
    }
    const observed = observeCallback(callback, guard, boom);
    expect(Reflect.apply(observed, receiver, [null, 1])).toBe('result');
    expect(calls).toEqual([[receiver, null, 1]]);
    expect(errors).toHaveLength(1);
    expect([observed.name, observed.length]).toEqual(['callback', 2]);
  });

  it.each([undefined, null, 'callback', {}])('is not created for %s', (callback) => {
    const { guard } = setUp();
    expect(observeCallback(callback, guard, boom)).toBe(callback);
  });
});

describe('a function that is observed', () => {
  it('is called with the same this and arguments, and its promise is observed', async () => {
    const told: unknown[] = [];
    const target = { n: 2, add: (m: number): unknown => m };
    async function add(this: { n: number }, m: number): Promise<number> {
      await Promise.resolve();
      return this.n + m;
    }
    target.add = observeFunction(add, new Guard(() => undefined), (args) => ({
      fulfilled: (value) => told.push(args, value),
    }));
    expect(target.add.name).toBe('add');
    expect(await target.add(3)).toBe(5);
    expect(told).toEqual([[3], 5]);
  });

  it('is returned unchanged if it is not a function', () => {
    expect(observeFunction(undefined, new Guard(() => undefined), () => undefined)).toBeUndefined();
  });
});

describe('the scope of an observed call', () => {
  it('is the context that the method runs in', () => {
    let depth = 0;
    const object = { depth: () => depth };
    patchMethod(object, 'depth', new Guard(() => undefined), () => ({
      scope: {
        run(call) {
          depth++;
          try {
            return call();
          } finally {
            depth--;
          }
        },
      },
    }));
    expect(object.depth()).toBe(1);
    expect(depth).toBe(0);
  });
});
