import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LogLevels } from '../../../lib/diagnostics/log-levels/log-levels.js';
import { LogLevelRules } from '../../../lib/instrumentation/logs/log-level-rules.js';
import type { LogsInstrumentation } from '../../../lib/instrumentation/logs/logs.instrumentation.js';

function create() {
  const rules = new LogLevelRules();
  const logs = { rules, loggers: () => [], contexts: () => [] } as unknown as LogsInstrumentation;
  return { rules, levels: new LogLevels(logs, { now: () => 1_000 }) };
}

afterEach(() => void jest.useRealTimers());

describe('a level that is changed', () => {
  it('goes back after 15 minutes by default, and the last change of a context counts', () => {
    jest.useFakeTimers();
    const { rules, levels } = create();
    expect(levels.set({ context: 'Orders', level: 'debug' })).toEqual({
      context: 'Orders',
      level: 'debug',
      until: 1_000 + 900_000,
    });
    jest.advanceTimersByTime(800_000);
    levels.set({ context: 'Orders', level: 'verbose', forMs: 200_000 });
    jest.advanceTimersByTime(199_999);
    expect(rules.prints('Orders', 'verbose')).toBe(true);
    jest.advanceTimersByTime(1);
    expect([rules.isEmpty, levels.read().changes, jest.getTimerCount()]).toEqual([true, [], 0]);
  });

  it('is that of its context rather than that of all', () => {
    const { rules, levels } = create();
    levels.set({ level: 'warn' });
    levels.set({ context: 'Orders', level: 'debug' });
    expect(rules.prints('Orders', 'debug')).toBe(true);
    expect(rules.prints('Billing', 'log')).toBe(false);
    expect(rules.prints({ any: 'object' }, 'warn')).toBe(true);
    expect(rules.prints('Orders', 'level of its own')).toBeUndefined();
    expect(rules.lowest).toBe('debug');
    levels.stop();
    expect(rules.isEmpty).toBe(true);
  });

  it('is one of at most 50, and valid', () => {
    const { levels } = create();
    for (let i = 0; i < 50; i++) levels.set({ context: `C${i}`, level: 'debug' });
    expect(() => levels.set({ context: 'C50', level: 'debug' })).toThrow('At most 50 levels');
    levels.set({ context: 'C49', level: 'warn' });
    levels.reset('C49');
    for (const forMs of [0, NaN, Infinity, 24 * 3_600_000 + 1, '5' as unknown as number]) {
      expect(() => levels.set({ level: 'debug', forMs })).toThrow('`forMs` must be');
    }
    expect(() => levels.set({ level: 'info' as 'log' })).toThrow('`level` must be one of verbose');
    expect(() => new LogLevels().set({ level: 'debug' })).toThrow('`logs` must not be false');
    expect(levels.reset('none')).toBe(false);
  });

  it('stays as it is once the application is closed', () => {
    const { rules, levels } = create();
    levels.set({ level: 'debug' });
    levels.stop();
    expect(() => levels.set({ level: 'debug' })).toThrow('The application is closed');
    expect([rules.isEmpty, levels.read().changes]).toEqual([true, []]);
  });
});
