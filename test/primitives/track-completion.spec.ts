import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import {
  BehaviorSubject,
  firstValueFrom,
  lastValueFrom,
  Observable,
  of,
  range,
  take,
  throwError,
} from 'rxjs';
import { type Measurement, trackCall, trackCompletion } from '../../lib/primitives/track-completion.js';
import { Guard } from '../../lib/primitives/guard.js';

const FAILURE = new RangeError('theirs');
const OURS = new Error('ours');

interface Tracked {
  readonly measurement: Measurement;
  readonly ends: unknown[][];
  readonly reported: unknown[];
}

function tracking(): Tracked {
  const ends: unknown[][] = [];
  const reported: unknown[] = [];
  const measurement: Measurement = {
    guard: new Guard((error) => reported.push(error)),
    start: () => 1,
    end: (_startedAt, outcome, detail) => ends.push([outcome, detail]),
  };
  return { measurement, ends, reported };
}

function throwingMeasurement(): { measurement: Measurement; reported: unknown[] } {
  const reported: unknown[] = [];
  const boom = (): never => {
    throw OURS;
  };
  return {
    measurement: { guard: new Guard((error) => reported.push(error)), start: boom, end: boom },
    reported,
  };
}

/** A query as a builder makes it: it begins when it is awaited, and can be refined before. */
class Query {
  #conditions: string[] = [];
  runs = 0;

  where(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable
  then(onFulfilled?: (value: string) => unknown, onRejected?: (error: unknown) => unknown): Promise<unknown> {
    this.runs++;
    return Promise.resolve(this.#conditions.join(' and ')).then(onFulfilled, onRejected);
  }
}

/** As a driver of a database has one: a promise that begins its work in then(). */
class LazyPromise extends Promise<string> {
  runs = 0;
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
  #settle: ((value: string) => void) | undefined;
  static make(): LazyPromise {
    let settle: ((value: string) => void) | undefined;
    const made = new LazyPromise((resolve) => (settle = resolve));
    made.#settle = settle;
    return made;
  }
  simple(): this {
    return this;
  }
  // oxlint-disable-next-line unicorn/no-thenable
  override then(...callbacks: Parameters<Promise<string>['then']>): never {
    this.runs++;
    this.#settle?.('rows');
    return super.then(...callbacks) as never;
  }
}

/** An iterator with a private field, a symbol and a method of its own. */
const KIND = Symbol('kind');
class Cursor implements AsyncIterableIterator<number> {
  #left = 2;
  readonly [KIND] = 'cursor';

  get left(): number {
    return this.#left;
  }
  rewind(): this {
    this.#left = 2;
    return this;
  }
  async next(): Promise<IteratorResult<number>> {
    return this.#left > 0 ? { done: false, value: this.#left-- } : { done: true, value: undefined };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** An Observable of a class of its own. */
class Ticks extends Observable<number> {
  readonly #name = 'ticks';
  get label(): string {
    return this.#name;
  }
  describe(): string {
    return `these are ${this.#name}`;
  }
}

async function valuesOf(values: unknown): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const value of values as AsyncIterable<unknown>) all.push(value);
  return all;
}

interface Shape {
  readonly title: string;
  readonly make: () => unknown;
  readonly use: (result: never, made: unknown) => unknown;
  readonly got: unknown;
  readonly ends: readonly unknown[];
}

const shapes: readonly Shape[] = [
  {
    title: 'a promise',
    make: () => Promise.resolve(1),
    use: (result: Promise<number>) => result,
    got: 1,
    ends: ['success', 1],
  },
  {
    title: 'a promise with methods of a library',
    make: () => Object.assign(Promise.resolve('body'), { json: async () => Promise.resolve({ a: 1 }) }),
    use: async (result: Promise<string> & { json(): Promise<unknown> }) => [
      await result,
      await result.json(),
    ],
    got: ['body', { a: 1 }],
    ends: ['success', 'body'],
  },
  {
    title: 'a promise of another realm',
    make: () => runInNewContext('Promise.resolve(5)') as unknown,
    use: async (result: Promise<number>, made) => [await result, result === made],
    got: [5, true],
    ends: ['success', 5],
  },
  {
    title: 'a query that is refined before it is awaited, and runs once',
    make: () => new Query().where('a'),
    use: async (result: Query) => [await result.where('b'), result.runs, result instanceof Query],
    got: ['a and b', 1, true],
    ends: ['success', 'a and b'],
  },
  {
    title: 'a promise of a subclass that begins in then()',
    make: () => LazyPromise.make(),
    use: async (result: LazyPromise, made) => [
      result === made,
      result.runs,
      await result.simple(),
      result.runs,
    ],
    got: [true, 0, 'rows', 1],
    ends: ['success', 'rows'],
  },
  {
    title: 'a thenable that calls back at once and returns nothing',
    // oxlint-disable-next-line unicorn/no-thenable
    make: () => ({ then: (resolve: (value: number) => void) => resolve(3) }),
    use: async (result: PromiseLike<number>) => result,
    got: 3,
    ends: ['success', 3],
  },
  {
    title: 'a thenable that throws',
    make: () => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then() {
        throw FAILURE;
      },
    }),
    use: async (result: PromiseLike<number>) => Promise.resolve(result).catch((error: unknown) => error),
    got: FAILURE,
    ends: ['error', FAILURE],
  },
  {
    title: 'an async iterator with private fields, symbols and methods of its own',
    make: () => new Cursor(),
    use: async (result: Cursor) => [
      result instanceof Cursor,
      result[KIND],
      result.left,
      await valuesOf(result.rewind() && result),
      result.left,
      result.constructor === Cursor,
    ],
    got: [true, 'cursor', 2, [2, 1], 0, true],
    ends: ['success', 1],
  },
  {
    title: 'an async generator that is left early',
    make: () =>
      (async function* () {
        yield 1;
        yield 2;
      })(),
    use: async (result: AsyncGenerator<number>) => {
      for await (const value of result) return [value, String(result)];
      return undefined;
    },
    got: [1, '[object AsyncGenerator]'],
    ends: ['cancelled', 1],
  },
  {
    title: 'an Observable of a subclass with private fields',
    make: () => new Ticks((subscriber) => (subscriber.next(7), subscriber.complete())),
    use: async (result: Ticks) => [
      result instanceof Ticks,
      result.label,
      result.describe(),
      await lastValueFrom(result),
    ],
    got: [true, 'ticks', 'these are ticks', 7],
    ends: ['success', 7],
  },
  {
    title: 'an endless synchronous Observable of which one is taken',
    make: () => range(1, Infinity),
    use: async (result: Observable<number>) => lastValueFrom(result.pipe(take(2))),
    got: 2,
    ends: ['cancelled', undefined],
  },
  {
    title: 'an Observable that fails',
    make: () => throwError(() => FAILURE),
    use: async (result: Observable<never>) => firstValueFrom(result).catch((error: unknown) => error),
    got: FAILURE,
    ends: ['error', FAILURE],
  },
  {
    title: 'a generator',
    make: () =>
      (function* () {
        yield 'a';
        yield 'b';
      })(),
    use: (result: Generator<string>) => [...result],
    got: ['a', 'b'],
    ends: ['success', 'b'],
  },
  {
    title: 'a stream of Node that is read to its end',
    make: () => Readable.from(['a', 'b']),
    use: async (result: Readable, made) => [result === made, await valuesOf(result)],
    got: [true, ['a', 'b']],
    ends: ['success', undefined],
  },
  {
    title: 'a stream of Node that breaks',
    make: () => new PassThrough(),
    use: async (result: PassThrough) => {
      const broken = new Promise((resolve) => result.once('error', resolve));
      result.destroy(FAILURE);
      return broken;
    },
    got: FAILURE,
    ends: ['error', FAILURE],
  },
];

describe('what a call returns', () => {
  it.each(shapes)(
    'behaves as without tracking, and is tracked to its end: $title',
    async ({ make, use, got, ends }) => {
      const { measurement, ends: told, reported } = tracking();
      const made = make();
      expect(await use(trackCompletion(made, measurement, 0) as never, made)).toEqual(got);
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).toEqual([ends]);
      expect(reported).toEqual([]);
    },
  );

  it.each(shapes)(
    'behaves as without tracking if the measurement throws: $title',
    async ({ make, use, got }) => {
      const { measurement, reported } = throwingMeasurement();
      const made = make();
      expect(await use(trackCompletion(made, measurement, 0) as never, made)).toEqual(got);
      await new Promise((resolve) => setImmediate(resolve));
      expect(new Set(reported)).toEqual(new Set([OURS]));
    },
  );

  it.each<[string, () => unknown]>([
    ['a frozen object', () => Object.freeze({ a: 1 })],
    ['a frozen query', () => Object.freeze(new Query())],
    [
      'a frozen iterator',
      () => Object.freeze(Object.assign(new Cursor(), { next: async () => Promise.resolve({}) })),
    ],
    ['a Subject', () => new BehaviorSubject(1)],
    ['a web stream', () => new ReadableStream()],
    ['an emitter', () => new EventEmitter()],
    ['an iterator of a Map', () => new Map().values()],
    ['a class', () => Query],
    ['a proxy that cannot be looked at', () => Proxy.revocable({}, {}).proxy],
    [
      'a getter that throws',
      () => ({
        get then() {
          throw FAILURE;
        },
      }),
    ],
    [
      'a remote object whose every property is a method',
      () => new Proxy(() => undefined, { get: () => () => undefined }),
    ],
  ])('is returned unchanged and counts as completed: %s', (_, make) => {
    const { measurement, ends } = tracking();
    const made = make();
    expect(Object.is(trackCompletion(made, measurement, 0), made)).toBe(true);
    expect(ends.map(([outcome]) => outcome)).toEqual(['success']);
  });

  it('does not handle an error event without a listener', () => {
    const { measurement } = tracking();
    const stream = trackCompletion(new PassThrough(), measurement, 0) as PassThrough;
    expect(() => stream.emit('error', FAILURE)).toThrow(FAILURE.message);
  });

  it('wraps a thenable once if it is returned repeatedly', async () => {
    const { measurement, ends } = tracking();
    const query = new Query();
    const returned = Array.from({ length: 10_000 }, () => trackCompletion(query, measurement, 0));
    expect(returned.every((each) => each === query)).toBe(true);
    await query;
    expect(query.runs).toBe(1);
    expect(ends).toHaveLength(10_000);
    expect(Object.hasOwn(query, 'then')).toBe(false);
  });

  it('rethrows the same error, or swallows it on request', () => {
    const { measurement, ends } = tracking();
    const fail = (): never => {
      throw FAILURE;
    };
    expect(() => trackCall(fail, undefined, [], measurement)).toThrow(FAILURE);
    expect(trackCall(fail, undefined, [], measurement, true)).toBeUndefined();
    expect(ends).toEqual([
      ['error', FAILURE],
      ['error', FAILURE],
    ]);
  });

  it('measures each subscription to a shared Observable once', async () => {
    const { measurement, ends } = tracking();
    const shared = of(1);
    const tracked = [1, 2, 3].map(() => trackCompletion(shared, measurement, 0) as Observable<number>);
    for (const each of tracked) await firstValueFrom(each.pipe(take(5)));
    await firstValueFrom(shared);
    expect(ends).toHaveLength(3);
  });
});
