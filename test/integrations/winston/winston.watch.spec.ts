import { Writable } from 'node:stream';
import { describe, expect, it, jest } from '@jest/globals';
import winston from 'winston';
import { LogLevelRules } from '../../../lib/instrumentation/logs/log-level-rules.js';
import { watchWinston } from '../../../lib/integrations/winston/winston.watch.js';
import { Guard } from '../../../lib/primitives/guard.js';

function transport() {
  return new winston.transports.Stream({ stream: new Writable({ write: (_, __, done) => done() }) });
}

function watch(logger: winston.Logger, rules = new LogLevelRules()) {
  const errors: unknown[] = [];
  const guard = new Guard((error) => errors.push(error));
  return { errors, ...watchWinston(logger, { guard, rules, record: () => undefined }) };
}

describe('a watched logger of winston', () => {
  it.each([1, 9, 10])(
    'with %i transports has no more warnings of listeners, and is as before at the end',
    (count) => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const transports = Array.from({ length: count }, transport);
      const logger = winston.createLogger({ transports: transports.slice(1) });
      const before = Object.getOwnPropertyDescriptor(logger, '_maxListeners');
      const watched = watch(logger);
      logger.add(transports[0] ?? transport());
      expect(warn).not.toHaveBeenCalled();
      watched.stop();
      warn.mockRestore();
      expect(watched.errors).toEqual([]);
      expect(Object.getOwnPropertyDescriptor(logger, '_maxListeners')).toEqual(before);
      expect(logger.listenerCount('data')).toBe(count);
    },
  );

  it('keeps a limit of listeners that the application has set meanwhile, and none at all', () => {
    const logger = winston.createLogger({ transports: [transport()] });
    const watched = watch(logger);
    logger.setMaxListeners(30);
    watched.stop();
    expect(logger.getMaxListeners()).toBe(30);
    logger.setMaxListeners(0);
    const again = watch(logger);
    expect(logger.getMaxListeners()).toBe(0);
    again.stop();
  });

  it.each([
    ['first', 0],
    ['second', 1],
  ])(
    'of two applications with changed levels is as before at the end, if the %s one closes first',
    (_, first) => {
      const shared = transport();
      const logger = winston.createLogger({ transports: [shared] });
      const face = (): unknown => [
        shared.level,
        shared.format,
        Object.getOwnPropertyDescriptor(logger, '_maxListeners'),
      ];
      const before = face();
      const watches = (['debug', 'verbose'] as const).map((level) => {
        const rules = new LogLevelRules();
        const watched = watch(logger, rules);
        rules.set('Orders', level);
        return watched;
      });
      watches[first]?.stop();
      watches[1 - first]?.stop();
      expect(face()).toEqual(before);
      expect(logger.listenerCount('data')).toBe(1);
    },
  );
});
