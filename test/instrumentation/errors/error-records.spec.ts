import { describe, expect, it } from '@jest/globals';
import { describeError } from '../../../lib/instrumentation/errors/error-description.js';
import { ErrorRecorder } from '../../../lib/instrumentation/errors/error.recorder.js';
import { ErrorRecords } from '../../../lib/instrumentation/errors/error-records.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { FakeClock } from '../../metrics/support.js';
import { counts } from '../support.js';
import { leastCpuMs } from '../../support/cpu-time.js';

const MINUTE = 60_000;

function newRecords(groups = 200, version?: string) {
  const clock = new FakeClock();
  const registry = new MetricsRegistry({ clock });
  const recorder = new ErrorRecorder(registry, clock, { groups }, version);
  recorder.start();
  return { clock, registry, recorder, records: new ErrorRecords(recorder) };
}

class OrderError extends Error {}

const failing = {
  find: (message: string, options?: ErrorOptions): OrderError => new OrderError(message, options),
  list: (message: string): OrderError => new OrderError(message),
};

/** Returns an error as another place would throw it. */
function errorAt(index: number, message = 'x'): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}\n    at work${index} (${import.meta.filename}:${index + 1}:1)`;
  return error;
}

describe('the groups of errors', () => {
  it('are by class and place, with what a person needs to find the fault', () => {
    const { clock, recorder, records } = newRecords(200, '1.2.3');
    const startedAt = clock.now();
    recorder.observe(failing.find("order 'a' of 4711"), 'http', 'GET /orders/:id', {
      route: '/orders/:id',
      recordId: 'r1',
    });
    clock.advance(2 * MINUTE);
    recorder.observe(failing.find("order 'b' of 4712", { cause: new RangeError('y') }), 'job', 'nightly');
    recorder.observe(failing.list('x'), 'http', 'GET /orders', { route: '/orders', recordId: 'r2' });
    const [last, first] = records.find();
    expect(records.find()).toHaveLength(2);
    expect(first).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      error: 'OrderError',
      site: expect.stringMatching(
        /^Object\.find \(.*test\/instrumentation\/errors\/error-records\.spec\.ts:\d+:\d+\)$/,
      ),
      message: 'order ? of ?',
      stack: expect.arrayContaining([expect.stringContaining('error-records.spec.ts')]),
      causes: [],
      firstSeenAt: startedAt,
      lastSeenAt: startedAt + 2 * MINUTE,
      count: 2,
      unhandled: 0,
      perMinute: [...Array.from({ length: 57 }, () => 0), 1, 0, 1],
      version: '1.2.3',
      operations: [
        { source: 'http', name: 'GET /orders/:id', count: 1 },
        { source: 'job', name: 'nightly', count: 1 },
      ],
      otherOperations: 0,
      lastRecordId: 'r1',
    });
    expect(last?.site).toContain('Object.list');
    expect(records.get(first!.id)).toEqual(first);
    expect(records.get('none')).toBeUndefined();
    expect(records.find({ operation: 'nightly' }).map(({ id }) => id)).toEqual([first?.id]);
    expect(records.find({ error: 'TypeError' })).toEqual([]);
    expect(records.find({ limit: 1 })).toEqual([last]);
    expect(records.find({ limit: -1 })).toEqual([]);
  });

  it('have the classes of the causes, also if they are cyclic', () => {
    const { recorder, records } = newRecords();
    const cause: Error = new RangeError('y', { cause: 'text' });
    recorder.observe(failing.find('x', { cause }), 'job', 'a');
    const cyclic = new TypeError('z');
    cyclic.cause = new RangeError('y', { cause: cyclic });
    recorder.observe(cyclic, 'job', 'a');
    recorder.observe(new AggregateError([new EvalError('1'), new URIError('2')]), 'job', 'a');
    expect(records.find().map(({ causes }) => causes)).toEqual([
      ['EvalError', 'URIError'],
      ['RangeError'],
      ['RangeError', 'string'],
    ]);
  });

  it('fold names that differ between errors of one place', () => {
    const { recorder, records } = newRecords();
    for (const name of ['Ada', 'Grace', 'Ada']) recorder.observe(failing.find(`${name} is gone`), 'job', 'a');
    expect(records.find()[0]?.message).toBe('? is gone');
  });

  it('count the minutes of the last hour only, whatever the wall clock does', () => {
    const { clock, recorder, records } = newRecords();
    const totals = (): number[] => records.find().map(({ perMinute }) => perMinute.reduce((a, b) => a + b));
    const observe = (): void => recorder.observe(failing.find('x'), 'job', 'a');
    observe();
    clock.advance(59 * MINUTE);
    observe();
    expect(totals()).toEqual([2]);
    clock.advance(MINUTE);
    expect(totals()).toEqual([1]);
    clock.advance(100 * MINUTE);
    expect(totals()).toEqual([0]);
    observe();
    expect(records.find()[0]?.perMinute.at(-1)).toBe(1);
    expect(records.find()[0]?.count).toBe(3);
  });

  it('are bounded: the group is dropped and counted that has had no error for longest', () => {
    const { clock, registry, recorder, records } = newRecords(3);
    const observe = (index: number): void => {
      clock.advance(1_000);
      recorder.observe(errorAt(index), 'job', 'a');
    };
    for (const index of [1, 2, 3, 1, 4]) observe(index);
    expect(records.find().map(({ site, count }) => `${site?.split(' ')[0]} ${count}`)).toEqual([
      'work4 1',
      'work1 2',
      'work3 1',
    ]);
    expect(records.dropped).toBe(1);
    expect(counts(registry, 'monitoring_dropped_error_groups_total')).toEqual({ '': 1 });
  });

  it('are bounded in the operations and the texts that they hold', () => {
    const { clock, recorder, records } = newRecords();
    for (let i = 0; i < 100; i++) {
      clock.advance(100);
      recorder.observe(errorAt(1, 'word '.repeat(10_000)), 'job', `${i}${'x'.repeat(10_000)}`);
    }
    const [group] = records.find();
    expect(group?.operations).toHaveLength(20);
    expect(group?.otherOperations).toBe(80);
    expect(JSON.stringify(group).length).toBeLessThan(8_000);
  });

  it('count an error once that fails a job and then is an unhandled rejection', () => {
    const { registry, recorder, records } = newRecords();
    const error = failing.find('x');
    recorder.observe(error, 'job', 'a');
    recorder.observe(error, 'process', 'unhandledRejection', { isUnhandled: true });
    expect(records.find()).toMatchObject([{ count: 1, unhandled: 1 }]);
    expect(counts(registry, 'exceptions_total')).toEqual({ 'error=OrderError route=<job>': 1 });
  });

  it('count an object that is thrown again and again each time', () => {
    const { recorder, records } = newRecords();
    const error = Object.freeze(failing.find('x'));
    for (let i = 0; i < 100; i++) recorder.observe(error, 'http', 'GET /a', { route: '/a' });
    expect(records.find()).toMatchObject([{ count: 100 }]);
  });

  it('have no refusals of messages', () => {
    const { recorder, records } = newRecords();
    const refusals = [
      { getStatus: () => 404 },
      { getError: () => 'x' },
      { status: 400 },
      { statusCode: 422 },
    ];
    for (const refusal of refusals) recorder.observe(refusal, 'message', 'Orders.find');
    recorder.observe({ getStatus: () => 503 }, 'message', 'Orders.find');
    expect(records.find()).toMatchObject([{ count: 1 }]);
  });

  it('are empty without a recorder', () => {
    const records = new ErrorRecords();
    expect([records.enabled, records.dropped, records.find(), records.get('x')]).toEqual([
      false,
      0,
      [],
      undefined,
    ]);
  });

  it('are no longer filled once it is stopped', () => {
    const { registry, recorder } = newRecords();
    const other = new ErrorRecorder(registry, new FakeClock(), { groups: 1 });
    other.start();
    recorder.stop();
    expect(registry.errors).toBe(other);
    other.stop();
    expect(registry.errors).toBeUndefined();
  });
});

describe('a hostile error', () => {
  const throwing = (): never => {
    throw new Error('no');
  };
  const withGetters: unknown = Object.create(Error.prototype, {
    message: { get: throwing },
    stack: { get: throwing },
    cause: { get: throwing },
    errors: { get: throwing },
    name: { get: throwing },
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => "a text of 'Ada'"],
    ['a symbol', () => Symbol('x')],
    ['a function', () => throwing],
    ['a bigint', () => 10n],
    ['an object without a prototype', () => Object.create(null)],
    ['getters that throw', () => withGetters],
    [
      'a proxy that throws',
      () => new Proxy(new Error('x'), { get: throwing, getPrototypeOf: throwing, has: throwing }),
    ],
    [
      'a revoked proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    ['a frozen error', () => Object.freeze(new Error('x'))],
    ['no stack trace', () => Object.assign(new Error('x'), { stack: undefined })],
    ['a stack trace that is no text', () => Object.assign(new Error('x'), { stack: { toString: throwing } })],
    ['a message that is no text', () => Object.assign(new Error('x'), { message: { toString: throwing } })],
    [
      'a stack trace of 10 MB',
      () => Object.assign(new Error('x'), { stack: '    at x (/a.js:1:1)\n'.repeat(500_000) }),
    ],
    ['a message of 6 MB', () => new Error('x "'.repeat(2_000_000))],
    ['a DOMException', () => new DOMException('x', 'AbortError')],
    ['errors that are no list', () => Object.assign(new AggregateError([]), { errors: 5 })],
    [
      'a hundred thousand errors',
      () => new AggregateError(Array.from({ length: 100_000 }, () => new Error('y'))),
    ],
    [
      'itself as the cause',
      () => {
        const error = new Error('x');
        error.cause = error;
        return error;
      },
    ],
    [
      'a class with a hostile name',
      () => {
        const error = new Error('x');
        Object.defineProperty(error, 'constructor', { value: { name: 'a\n"b' } });
        return error;
      },
    ],
  ])('with %s is counted and blocks nothing', (_, make) => {
    const { registry, recorder, records } = newRecords();
    const thrown = make();
    const observe = (): void => {
      for (const source of ['http', 'job', 'message', 'graphql'] as const) {
        recorder.observe(thrown, source, 'x');
      }
      records.find();
    };
    expect(leastCpuMs(observe, 1)).toBeLessThan(3_000);
    const [group] = records.find();
    expect(group?.count).toBeGreaterThan(0);
    expect(JSON.stringify(records.find()).length).toBeLessThan(20_000);
    expect(Object.keys(counts(registry, 'exceptions_total')).length).toBeGreaterThan(0);
  });

  it('holds nothing of a value in its group', () => {
    const { recorder, records } = newRecords();
    const error = Object.assign(
      new Error('user hunter: bad "hunter" {"a":"hunter"} hunter@x.org /hunter/a'),
      {
        config: { auth: 'hunter' },
        cause: new Error('hunter'),
      },
    );
    recorder.observe(error, 'http', 'POST /login', { route: '/login' });
    recorder.observe('password=hunter', 'job', 'a');
    recorder.observe({ message: 'token hunter', stack: 'x\n    at hunter (/srv/hunter.js:1:1)' }, 'job', 'a');
    expect(JSON.stringify(records.find())).not.toContain('hunter');
  });

  it('may be formatted by a function of the application that throws or returns no text', () => {
    const before: unknown = Reflect.get(Error, 'prepareStackTrace');
    const { recorder, records } = newRecords();
    try {
      for (const prepare of [throwing, () => ({ frames: [] }), () => undefined]) {
        Error.prepareStackTrace = prepare;
        recorder.observe(new OrderError('x'), 'job', 'a');
      }
    } finally {
      Reflect.set(Error, 'prepareStackTrace', before);
    }
    expect(records.find()).toMatchObject([{ error: 'OrderError', site: undefined, count: 3 }]);
  });
});

describe('a storm of errors', () => {
  it('reads few stack traces, and counts every error', () => {
    const { clock, registry, recorder, records } = newRecords();
    let reads = 0;
    class Counted extends Error {
      override get stack(): string {
        reads++;
        return `Error\n    at work (${import.meta.filename}:1:1)`;
      }
    }
    for (let i = 0; i < 50_000; i++) {
      const error: object = Object.create(Counted.prototype);
      recorder.observe(error, 'http', 'GET /a', { route: '/a' });
      if (i % 5_000 === 0) clock.advance(100);
    }
    expect(reads).toBeLessThanOrEqual(40);
    expect(records.find()).toMatchObject([{ count: 50_000 }]);
    expect(counts(registry, 'exceptions_total')).toEqual({ 'error=Counted route=/a': 50_000 });
  });

  it('of several places is distributed among their groups', () => {
    const { recorder, records } = newRecords();
    for (let i = 0; i < 8_000; i++) recorder.observe(errorAt(i % 4), 'http', 'GET /a', { route: '/a' });
    const found = records.find();
    expect(found).toHaveLength(4);
    for (const { count } of found) expect(count).toBeGreaterThan(1_000);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(8_000);
  });

  it('of many classes, routes and places stays within its bounds', () => {
    const { recorder, records } = newRecords(50);
    for (let i = 0; i < 20_000; i++) recorder.observe(errorAt(i), 'http', `GET /${i}`, { route: '/a' });
    expect(records.find({ limit: 1_000 }).length).toBeLessThanOrEqual(50);
    expect(records.find({ limit: 1_000 })[0]?.count).toBeGreaterThan(15_000);
  });

  it('costs a fraction of what it would cost to read the stack trace of each error', () => {
    const { recorder } = newRecords();
    const sites = new CallSites();
    const costOf = (work: (error: Error) => unknown): number => {
      // Anew each time, since V8 formats a stack trace once.
      const errors = Array.from({ length: 2_000 }, () => new OrderError('order 4711 is gone'));
      return leastCpuMs(() => errors.forEach(work), 1);
    };
    const reading = (): number => costOf((error) => describeError(error, 'OrderError', sites));
    const observing = (): number =>
      costOf((error) => recorder.observe(error, 'http', 'GET /a', { route: '/a' }));
    const ratios = Array.from({ length: 3 }, () => observing() / reading());
    expect(Math.min(...ratios)).toBeLessThan(0.5);
  });
});
