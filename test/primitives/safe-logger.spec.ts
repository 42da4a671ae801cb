import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SafeLogger } from '../../lib/primitives/safe-logger.js';

const LEVELS = ['log', 'warn', 'error'] as const;

const fail = (): never => {
  throw new Error('The disk of the log is full.');
};

const ODD_LOGGERS: readonly (readonly [string, object])[] = [
  ['throws', { log: fail, warn: fail, error: fail }],
  [
    'rejects later',
    {
      log: async () => Promise.resolve().then(fail),
      warn: async () => Promise.resolve().then(fail),
      error: async () => Promise.resolve().then(fail),
    },
  ],
  ['has no methods', {}],
  ['has getters that throw', Object.defineProperties({}, { log: { get: fail }, warn: { get: fail } })],
  ['has something else in their place', { log: 1, warn: 'warn', error: null }],
  ['is frozen', Object.freeze({ log: fail })],
];

describe('a logger', () => {
  const rejections: unknown[] = [];
  const note = (error: unknown): void => void rejections.push(error);

  beforeEach(() => {
    rejections.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => void process.off('unhandledRejection', note));

  it.each(ODD_LOGGERS)('that %s loses only the message', async (_, given) => {
    const logger = new SafeLogger(given);
    for (const level of LEVELS) expect(() => logger[level]('A message.')).not.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rejections).toEqual([]);
  });

  it('receives each message with its own this', () => {
    const said: unknown[] = [];
    class Given {
      readonly prefix = 'given';
      log(...args: unknown[]): void {
        said.push([this.prefix, 'log', ...args]);
      }
      warn(...args: unknown[]): void {
        said.push([this.prefix, 'warn', ...args]);
      }
      error(...args: unknown[]): void {
        said.push([this.prefix, 'error', ...args]);
      }
    }
    const logger = new SafeLogger(new Given());
    logger.log('one');
    logger.warn('two');
    logger.error('three');
    logger.error('four', 'its stack');
    expect(said).toEqual([
      ['given', 'log', 'one'],
      ['given', 'warn', 'two'],
      ['given', 'error', 'three'],
      ['given', 'error', 'four', 'its stack'],
    ]);
  });
});
