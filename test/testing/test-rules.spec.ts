import { describe, expect, it } from '@jest/globals';
import { MonitoringOptionsError } from 'nestjs-monitoring';
import { type RulesTest, testRules } from 'nestjs-monitoring/testing';

const BUSY: RulesTest = {
  rules: [
    {
      name: 'busy',
      condition: { metric: 'queue_depth', operator: '>', threshold: 10 },
      severity: 'warning',
      message: 'The queue is long.',
    },
  ],
  series: { queue_depth: '50x20' },
  at: '1m',
};

describe('a test of rules', () => {
  it('evaluates them from the first sample on', () => {
    expect(() => testRules({ ...BUSY, at: 0, expect: [] })).toThrow('Actual alerts:\n  {"rule":"busy"');
    expect(testRules({ ...BUSY, at: 0 }).alerts).toHaveLength(1);
  });

  it.each([
    [{ at: NaN }, '`at` of the test must be a number of milliseconds'],
    [{ at: -1 }, '`at` of the test must be a number of milliseconds'],
    [{ at: Infinity }, '`at` of the test must be a number of milliseconds'],
    [{ at: undefined as never }, '`at` of the test must be a number of milliseconds'],
    [{ at: '' }, '`at` of the test must be a number of milliseconds'],
    [{ at: '-5m' }, '`at` of the test must be a number of milliseconds'],
    [{ intervalMs: 0 }, '`intervalMs` of the test must be'],
    [{ intervalMs: -1 }, '`intervalMs` of the test must be'],
    [{ intervalMs: NaN }, '`intervalMs` of the test must be'],
    [{ intervalMs: Infinity }, '`intervalMs` of the test must be'],
  ])('rejects %p rather than passing without an evaluation', (invalid, message) => {
    const run = () => testRules({ ...BUSY, expect: [], ...invalid });
    expect(run).toThrow(MonitoringOptionsError);
    expect(run).toThrow(message);
  });

  it('takes series of any length', () => {
    const long = { queue_depth: '50x200000' };
    expect(testRules({ ...BUSY, series: long, at: 0 }).alerts).toHaveLength(1);
  });
});
