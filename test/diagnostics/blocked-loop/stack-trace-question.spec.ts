import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  offerStackTraces,
  STACK_TRACE_QUESTION,
  type StackTrace,
} from '../../../lib/diagnostics/blocked-loop/stack-trace-question.js';

let end: () => void;

/** Asks as the inspector does: in the main context. */
const question = new vm.Script(`(() => ${STACK_TRACE_QUESTION})`).runInThisContext() as () =>
  StackTrace | undefined;

function ask(): string[] {
  return question()?.stack.split('\n') ?? [];
}

class Reports {
  static summary(): string[] {
    return ask();
  }
  get total(): string[] {
    return ask();
  }
  #own(): string[] {
    return ask();
  }
  all(): string[] {
    return this.#own();
  }
  async later(): Promise<string[]> {
    await Promise.resolve();
    return ask();
  }
}

/** Returns the function that asked, without its place. */
const caller = (frames: readonly string[]): string | undefined =>
  frames
    .find((frame) => !/ at ask | at (?:file:\S+ )?<?anonymous>?:|evalmachine/.test(frame))
    ?.replace(/ \(.*/, '');

beforeEach(() => {
  end = offerStackTraces();
});

afterEach(() => end());

describe('the question for a stack trace', () => {
  it('has the name of the class, also of an accessor and of a private method', async () => {
    const reports = new Reports();
    expect(caller(Reports.summary())).toBe('    at Reports.summary');
    expect(caller(reports.total)).toBe('    at get Reports.total');
    expect(caller(reports.all())).toBe('    at Reports.#own');
    expect(caller(await reports.later())).toBe('    at Reports.later');
  });

  it('calls nothing that the application has changed, and changes nothing', () => {
    const calls: string[] = [];
    const { map, join } = Array.prototype;
    const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
    Object.defineProperty(Error, 'prepareStackTrace', {
      configurable: true,
      get: () => calls.push('get'),
      set() {
        calls.push('set');
      },
    });
    Reflect.deleteProperty(Error, 'stackTraceLimit');
    // oxlint-disable-next-line no-extend-native -- as an application does it
    Object.assign(Array.prototype, { map: () => calls.push('map'), join: () => calls.push('join') });
    let answer: StackTrace | undefined;
    try {
      answer = question();
      expect('stackTraceLimit' in Error).toBe(false);
    } finally {
      Object.assign(Array.prototype, { map, join });
      Object.defineProperty(Error, 'stackTraceLimit', limit ?? {});
      Reflect.deleteProperty(Error, 'prepareStackTrace');
      if (prepare) Object.defineProperty(Error, 'prepareStackTrace', prepare);
    }
    expect(answer?.stack).toContain('stack-trace-question.spec');
    expect(calls).toEqual([]);
  });

  it('calls neither the traps nor the getters of a receiver', () => {
    const calls: PropertyKey[] = [];
    const trap = (_: object, trapped: string) => () => calls.push(trapped);
    const proxy = new Proxy({}, new Proxy({}, { get: (target, name) => trap(target, String(name)) }));
    const getters = Object.create(null, {
      constructor: { get: () => calls.push('constructor') },
      [Symbol.toStringTag]: { get: () => calls.push('toStringTag') },
    }) as object;
    for (const receiver of [proxy, getters, null, undefined, 1, 'text', Symbol('symbol')]) {
      const frames = Reflect.apply(
        function run(this: unknown) {
          return ask();
        },
        receiver,
        [],
      );
      expect(frames.join('\n')).toContain('run (');
    }
    expect(calls).toEqual([]);
  });

  it('takes no longer for a receiver with hundreds of thousands of properties', () => {
    const large = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`key ${i}`, i]));
    const nested = function (this: unknown, depth: number): string[] {
      return depth === 0 ? ask() : Reflect.apply(nested, large, [depth - 1]);
    };
    // V8 alone takes more than a second. The least of several, since other work of the machine only adds to it.
    let leastMs = Infinity;
    for (let tries = 0; tries < 20 && leastMs >= 300; tries++) {
      const startedAt = performance.now();
      expect(nested(50).length).toBeGreaterThan(50);
      leastMs = Math.min(leastMs, performance.now() - startedAt);
    }
    expect(leastMs).toBeLessThan(300);
  });

  it('is answered deep in a recursion', () => {
    const recurse = (depth: number): string[] => (depth === 0 ? ask() : recurse(depth - 1));
    expect(recurse(3_000).length).toBeGreaterThan(50);
  });

  it('takes a function that runs for none that has not begun', () => {
    // Only an interrupt comes before the first statement.
    expect(question()?.isAtEntry).toBe(false);
    expect([1].map(() => question()?.isAtEntry)).toEqual([false]);
  });

  it('has no answer once it is no longer offered', () => {
    end();
    expect(question()).toBeUndefined();
  });
});
