import { describe, expect, it } from '@jest/globals';
import { Guard } from '../../../lib/primitives/guard.js';
import { OwnLogger } from '../../../lib/instrumentation/logs/own-logger.js';

class PlainLogger {
  readonly lines: unknown[] = [];

  log(...args: unknown[]): string {
    this.lines.push([args, new Error('here').stack?.split('\n')[2]]);
    return 'result';
  }

  error(): never {
    throw new TypeError('full');
  }
}

function watch(logger: object) {
  const counted: unknown[] = [];
  const errors: unknown[] = [];
  const watched = new OwnLogger(logger, new Guard((error) => errors.push(error)), (level, context) =>
    counted.push([level, context]),
  );
  return { watched, counted, errors };
}

describe('a logger of the application’s own', () => {
  it('is counted by the methods that are taken, with the expected context once', () => {
    const logger = new PlainLogger();
    const { watched, counted } = watch(logger);
    watched.expectCall('Orders');
    expect(logger.log('a')).toBe('result');
    logger.log('b');
    expect(counted).toEqual([
      ['log', 'Orders'],
      ['log', undefined],
    ]);
  });

  it('keeps its methods, their callers, what they throw, and its own context', () => {
    const logger = Object.assign(new PlainLogger(), { context: 'Own' });
    const { counted } = watch(logger);
    expect(Reflect.get(logger, 'log')).toBe(Reflect.get(PlainLogger.prototype, 'log'));
    expect(() => logger.error()).toThrow(new TypeError('full'));
    logger.log('x');
    expect(JSON.stringify(logger.lines[0])).toContain('own-logger.spec');
    expect(JSON.stringify(logger.lines)).not.toContain('/lib/');
    expect(counted[0]).toEqual(['log', 'Own']);
    expect(Object.keys(logger)).toEqual(['lines', 'context']);
  });

  it('may replace its methods, which stays so at the end', () => {
    const logger: { log(text: string): unknown } = { log: (text) => text };
    const { watched, counted } = watch(logger);
    expect(logger.log('a')).toBe('a');
    logger.log = (text) => `${text}!`;
    expect(logger.log('a')).toBe('a!');
    watched.stop();
    expect(logger.log('a')).toBe('a!');
    expect(counted.length).toBe(2);
  });

  it('is as before at the end', () => {
    const logger = new PlainLogger();
    const literal = { log: () => 1 };
    const before = Object.getOwnPropertyDescriptors(literal);
    for (const each of [logger, literal]) watch(each).watched.stop();
    expect(Object.getOwnPropertyNames(logger)).toEqual(['lines']);
    expect(Object.getOwnPropertyDescriptors(literal)).toEqual(before);
  });

  it.each<[string, () => object]>([
    ['is frozen', () => Object.freeze(new PlainLogger())],
    ['is a proxy that refuses', () => new Proxy(new PlainLogger(), { defineProperty: () => false })],
    [
      'is a proxy that throws',
      () =>
        new Proxy(new PlainLogger(), {
          getOwnPropertyDescriptor: () => {
            throw new Error('trap');
          },
        }),
    ],
  ])('is not changed if it %s', (_, create) => {
    const logger = create() as PlainLogger;
    const { counted } = watch(logger);
    expect(logger.log('a')).toBe('result');
    expect(counted).toEqual([]);
  });

  it('has no getter called, and no error of the count', () => {
    let calls = 0;
    const logger = {
      get log() {
        calls++;
        return () => 'got';
      },
      warn: () => 'warned',
    };
    const errors: unknown[] = [];
    const watched = new OwnLogger(logger, new Guard((error) => errors.push(error)), () => {
      throw new Error('count');
    });
    expect(calls).toBe(0);
    expect(logger.warn()).toBe('warned');
    expect(errors).toEqual([new Error('count')]);
    watched.stop();
  });
});
