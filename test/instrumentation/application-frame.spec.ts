import { describe, expect, it, jest } from '@jest/globals';
import { applicationFrames, codeFrame } from '../../lib/instrumentation/application-frame.js';
import { stackTraceOf } from '../../lib/instrumentation/stack-trace.js';
import { leastRatio } from '../support/cpu-time.js';

/** The frame as `name|file|line|column`. */
function parsed(line: string): string | undefined {
  const frame = codeFrame(line);
  return frame && `${frame.name}|${frame.file}|${frame.line}|${frame.column}`;
}

describe('a frame of a stack trace', () => {
  it.each([
    ['    at OrdersService.list (/app/src/orders.js:42:17)', 'OrdersService.list|/app/src/orders.js|42|17'],
    [
      '    at async OrdersService.list (/app/src/orders.js:42:17)',
      'OrdersService.list|/app/src/orders.js|42|17',
    ],
    ['    at /app/src/orders.js:42:17', '|/app/src/orders.js|42|17'],
    ['    at async /app/src/orders.js:42:17', '|/app/src/orders.js|42|17'],
    ['    at file:///app/my%20src/orders.mjs:42:17', '|file:///app/my%20src/orders.mjs|42|17'],
    ['    at new Orders (file:///app/orders.mjs:1:2)', 'new Orders|file:///app/orders.mjs|1|2'],
    ['    at Orders.find [as list] (/app/orders.js:1:2)', 'Orders.find|/app/orders.js|1|2'],
    ['    at Orders.<computed> [as a (b)] (/app/orders.js:1:2)', 'Orders.<computed>|/app/orders.js|1|2'],
    [
      '    at Object.<anonymous> (/app/a (copy)/orders.js:1:2)',
      'Object.<anonymous>|/app/a (copy)/orders.js|1|2',
    ],
    ['    at <anonymous> (/app/orders.js:1:2)', '<anonymous>|/app/orders.js|1|2'],
    ['    at Orders.#load (/app/orders.js:1:2)', 'Orders.#load|/app/orders.js|1|2'],
    [
      '    at get Orders.total [as total] (C:\\app\\orders.js:1:2)\r',
      'get Orders.total|C:\\app\\orders.js|1|2',
    ],
    ['    at C:\\app\\orders.js:1:2', '|C:\\app\\orders.js|1|2'],
    ['    at \\\\host\\share\\orders.js:1:2', '|\\\\host\\share\\orders.js|1|2'],
    ['    at webpack://shop/./src/orders.ts?1f2e:1:2', '|webpack://shop/./src/orders.ts?1f2e|1|2'],
    ['    at eval (eval at run (/app/orders.js:3:4), <anonymous>:1:2)', 'eval|/app/orders.js|3|4'],
    [
      '    at eval (eval at a (eval at b (/app/orders.js:3:4), <anonymous>:1:1), <anonymous>:1:2)',
      'eval|/app/orders.js|3|4',
    ],
    [
      '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      'process.processTicksAndRejections|node:internal/process/task_queues|95|5',
    ],
    ['    at async Promise.all (index 0)', undefined],
    ['    at Array.map (<anonymous>)', undefined],
    ['    at native', undefined],
    ['    at eval (eval at run (', undefined],
    ['    at x (/app/orders.js:1)', undefined],
    ['    at x (/app/orders.js:a:b)', undefined],
    ['    at ', undefined],
    ['Error: at /app/orders.js:1:2', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(parsed(line)).toBe(expected);
  });

  it.each([
    ['at ', ' (', ''],
    ['at ', ' [as ', ')'],
    ['at ', 'a:1:', ')'],
    ['at eval (eval at ', ' (', ')'],
    ['at async ', 'async ', ''],
    ['at ', 'x', ':1:2'],
    ['', ' ', 'x'],
  ])('takes linear time if it is hostile: %j, and %j again and again', (start, repeated, end) => {
    const lineOf = (length: number): string =>
      start + repeated.repeat((length - start.length - end.length) / repeated.length) + end;
    const [short, long] = [lineOf(1_000 / 8), lineOf(1_000)];
    // Eight times as long: 64 times the time if it were quadratic.
    expect(
      leastRatio(
        () => codeFrame(short),
        () => codeFrame(long),
      ),
    ).toBeLessThan(16);
  });

  it('is not read if it is very long', () => {
    expect(parsed(`at ${'x'.repeat(993)}:1:2`)).toBe(`|${'x'.repeat(993)}|1|2`);
    expect(parsed(`at ${'x'.repeat(994)}:1:2`)).toBeUndefined();
  });

  it('is that of V8 for functions of every kind', async () => {
    class Orders {
      static create(): Error {
        return new Orders().failure;
      }
      readonly failure: Error;
      constructor() {
        this.failure = new Error('x');
      }
      get total(): Error {
        return new Error('x');
      }
      async load(): Promise<Error> {
        await Promise.resolve();
        return new Error('x');
      }
    }
    const errors = [Orders.create(), new Orders().total, await new Orders().load(), (() => new Error('x'))()];
    for (const error of errors) {
      const [frame] = applicationFrames(stackTraceOf(error)!, 1);
      expect(frame?.file).toContain('application-frame.spec');
      expect(frame?.line).toBeGreaterThan(1);
    }
  });
});

describe('the frames of the application', () => {
  const stack = [
    'Error: x',
    '    at node:internal/timers:1:2',
    '    at query (/app/node_modules/pg/lib/client.js:1:2)',
    '    at query (C:\\app\\node_modules\\pg\\lib\\client.js:1:2)',
    '    at Object.x (webpack://shop/./node_modules/pg/client.js:1:2)',
    '    at __webpack_require__ (webpack://shop/webpack/bootstrap:1:2)',
    '    at Orders.find (/app/src/orders.js:3:4)',
    '    at Shop.find (webpack://shop/./src/shop.ts:5:6)',
    '    at Gone.find (/app/gone.js:7:8)',
    '    at Api.find (C:\\app\\src\\api.js:9:10)',
  ].join('\n');

  it('are none of Node, of packages and of files that do not exist', () => {
    const exists = (file: string): boolean => !file.includes('gone');
    expect(applicationFrames(stack, 10, exists).map(({ name }) => name)).toEqual([
      'Orders.find',
      'Shop.find',
      'Api.find',
    ]);
    expect(applicationFrames(stack, 1, exists)).toHaveLength(1);
  });

  it.each<[string, number, unknown]>([
    ['records no stack traces', 0, undefined],
    ['has a format of its own', 10, () => 'odd'],
    ['has a format that throws', 10, () => JSON.parse('{')],
  ])('are none of this library where the application %s', async (_, limit, prepare) => {
    jest.resetModules();
    const fresh = await import('../../lib/instrumentation/application-frame.js');
    const { stackTraceLimit } = Error;
    const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
    let frames: unknown;
    let left: unknown;
    try {
      Error.stackTraceLimit = limit;
      Reflect.set(Error, 'prepareStackTrace', prepare);
      frames = fresh.applicationFrames(`    at own (${process.cwd()}/lib/metrics/registry.ts:1:2)`, 1);
      left = [Error.stackTraceLimit, Reflect.get(Error, 'prepareStackTrace')];
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
    }
    expect(frames).toEqual([]);
    expect(left).toEqual([limit, prepare]);
  });
});

describe('the stack trace of a thrown value', () => {
  it('has no frame that its message invents', () => {
    const error = new Error('x\n    at Forged.frame (/app/forged.js:1:2)');
    expect(error.stack).toContain('Forged');
    expect(stackTraceOf(error)).not.toContain('Forged');
    expect(stackTraceOf(error)).toContain('application-frame.spec');
  });

  it('is read behind a message of any length, and bounded', () => {
    expect(stackTraceOf(new Error('x'.repeat(1_000_000)))).toContain('application-frame.spec');
    expect(stackTraceOf({ stack: '    at x\n'.repeat(1_000_000) })!.length).toBeLessThan(20_000);
  });

  const touched: string[] = [];
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'text'],
    ['a function', () => 1],
    ['an object without one', Object.create(null)],
    ['one whose stack trace is no text', { stack: 5 }],
    [
      'one whose getter throws',
      {
        get stack(): string {
          throw new Error('no');
        },
      },
    ],
    ['a proxy', new Proxy({}, { get: () => touched.push('get') })],
  ])('is undefined for %s', (_, thrown) => {
    expect(stackTraceOf(thrown)).toBeUndefined();
    expect(touched).toEqual([]);
  });
});
