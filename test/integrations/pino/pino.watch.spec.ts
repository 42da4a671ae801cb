import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { LogLevelRules } from '../../../lib/instrumentation/logs/log-level-rules.js';
import { writeKeyOf } from '../../../lib/integrations/pino/pino.discovery.js';
import { watchPino } from '../../../lib/integrations/pino/pino.watch.js';
import { Guard } from '../../../lib/primitives/guard.js';

function start() {
  const written: string[] = [];
  const counted: unknown[] = [];
  const errors: unknown[] = [];
  const rules = new LogLevelRules();
  const logger = pino({ level: 'info', base: null }, { write: (line: string) => void written.push(line) });
  const before = Object.getOwnPropertyDescriptors(logger);
  const watched = watchPino(logger, {
    guard: new Guard((error) => errors.push(error)),
    rules,
    record: (level, context) => counted.push(`${level} ${String(context)}`),
  });
  const messages = (): unknown[] => written.map((line) => (JSON.parse(line) as { msg: unknown }).msg);
  return { logger, before, rules, watched, written, messages, counted, errors };
}

describe('a watched logger of pino', () => {
  it('writes no empty line for a message that a changed level drops, and does not count it', () => {
    const { logger, rules, messages, counted, errors } = start();
    const orders = logger.child({ context: 'Orders' });
    rules.set('Orders', 'debug');
    orders.debug('shown');
    logger.debug('below');
    logger.debug({ context: 'Orders' }, 'field');
    rules.set('Orders', 'error');
    orders.warn('raised');
    orders.error(new Error('failed'));
    logger.info('usual');
    rules.clear();
    orders.info('back');
    orders.debug('hidden');
    expect(messages()).toEqual(['shown', 'field', 'failed', 'usual', 'back']);
    expect(counted).toEqual(['debug Orders', 'debug Orders', 'error Orders', 'log undefined', 'log Orders']);
    expect(errors).toEqual([]);
  });

  it('has no method of this library around the one that writes without a changed level, and none at all at the end', () => {
    const { logger, before, rules, watched } = start();
    const write = writeKeyOf(logger) ?? '';
    expect(Object.hasOwn(logger, write)).toBe(false);
    rules.set('Orders', 'debug');
    expect(Object.hasOwn(logger, write)).toBe(true);
    rules.clear();
    expect(Object.hasOwn(logger, write)).toBe(false);
    rules.set('Orders', 'debug');
    watched.stop();
    // The methods of levels are created by pino itself whenever a level is set.
    expect(Reflect.ownKeys(logger)).toEqual(Reflect.ownKeys(before));
    const untouched = start();
    untouched.watched.stop();
    expect(Object.getOwnPropertyDescriptors(untouched.logger)).toEqual(untouched.before);
  });

  it.each([
    ['first', 0],
    ['second', 1],
  ])(
    'of two applications with changed levels has its level at the end, if the %s one closes first',
    (_, first) => {
      const logger = pino({ level: 'info' }, { write: () => undefined });
      const keys = Reflect.ownKeys(logger);
      const watches = (['debug', 'verbose'] as const).map((level) => {
        const rules = new LogLevelRules();
        const guard = new Guard((error) => {
          throw error;
        });
        const messages = { guard, rules, record: () => undefined };
        const watched = watchPino(logger, messages);
        rules.set('Orders', level);
        return watched;
      });
      watches[first]?.stop();
      watches[1 - first]?.stop();
      expect(logger.level).toBe('info');
      expect(Reflect.ownKeys(logger)).toEqual(keys);
    },
  );
});
