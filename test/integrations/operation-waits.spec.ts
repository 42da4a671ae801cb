import { describe, expect, it } from '@jest/globals';
import { WaitedCalls } from '../../lib/integrations/operation-waits.js';

describe('the calls of a system', () => {
  it('are one object for each text, which is bounded', () => {
    const calls = new WaitedCalls('database', 'postgresql');
    const call = calls.of('SELECT ?');
    expect(call).toMatchObject({
      part: 'database',
      system: 'postgresql',
      name: 'SELECT ?',
      isAuxiliary: false,
    });
    expect(calls.of('SELECT ?')).toBe(call);
    expect(calls.of('x'.repeat(10_000)).name.length).toBeLessThanOrEqual(501);
  });

  it('are one call from a thousand texts on, which is no N+1 since it is many', () => {
    const calls = new WaitedCalls('database', 'postgresql');
    const first = calls.of('SELECT 0');
    for (let i = 1; i < 1_000; i++) calls.of(`SELECT ${i}`);
    const other = calls.of('SELECT 1000');
    expect(other).toMatchObject({ name: 'other', isAuxiliary: true });
    expect(calls.of('SELECT 1001')).toBe(other);
    expect(calls.of('SELECT 0')).toBe(first);
  });

  it('are auxiliary by their name', () => {
    const calls = new WaitedCalls('cache', 'redis', /^SCAN$/);
    expect(['SCAN', 'GET', 'SCANS'].map((name) => calls.of(name).isAuxiliary)).toEqual([true, false, false]);
  });
});
