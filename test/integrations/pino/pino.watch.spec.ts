import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pino, { type Logger } from 'pino';
import { watchPino } from '../../../lib/integrations/pino/pino.watch.js';
import { LogLevelRules } from '../../../lib/instrumentation/logs/log-level-rules.js';
import { Guard } from '../../../lib/primitives/guard.js';

describe('the lines of pino', () => {
  const reported: unknown[] = [];
  let lines: string[];
  let recorded: string[];
  let logger: Logger;
  let stop: () => void;

  beforeEach(() => {
    [lines, recorded] = [[], []];
    logger = pino({ serializers: { nested: nested } }, { write: (line: string) => lines.push(line) });
    const watched = watchPino(logger, {
      guard: new Guard((error) => reported.push(error)),
      rules: new LogLevelRules(),
      record: (level, context) => recorded.push(`${level} ${String(context)}`),
    });
    stop = () => watched.stop();
  });

  afterEach(() => {
    stop();
    expect(reported).toEqual([]);
  });

  /** A serializer that logs itself. */
  function nested(value: string): string {
    logger.child({ context: 'Nested' }).warn('within');
    return value;
  }

  it('count by level and context, those of children as well', () => {
    logger.info({ context: 'Orders' }, 'paid');
    logger.child({ context: 'Billing' }).error('late');
    logger.debug('not printed');
    expect(recorded).toEqual(['log Orders', 'error Billing']);
    expect(lines).toHaveLength(2);
  });

  it('do not count if a field throws, since nothing is printed', () => {
    const failing = {
      get total(): number {
        throw new RangeError('no total');
      },
    };
    expect(() => logger.info(failing, 'paid')).toThrow(new RangeError('no total'));
    expect([recorded, lines]).toEqual([[], []]);
    const odd = {
      total: {
        toJSON: () => {
          throw new Error('no JSON');
        },
      },
    };
    logger.info(odd, 'paid');
    expect(recorded).toEqual(['log undefined']);
    expect(lines).toHaveLength(1);
  });

  it('count each for itself if a serializer logs', () => {
    logger.info({ context: 'Orders', nested: 'value' }, 'paid');
    expect(recorded).toEqual(['warn Nested', 'log Orders']);
    expect(lines).toHaveLength(2);
  });
});
