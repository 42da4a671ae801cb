import { describe, expect, it } from '@jest/globals';
import { isDue } from '../../../lib/alerting/evaluation/evaluation-schedule.js';

describe('isDue()', () => {
  it('evaluates at the first sample, and then once in each interval', () => {
    expect(isDue(0, -Infinity, 60_000, 15_000)).toBe(true);
    expect(isDue(45_000, 0, 60_000, 15_000)).toBe(false);
    expect(isDue(60_000, 0, 60_000, 15_000)).toBe(true);
  });

  it('skips no evaluation because a timer is early by less than half a sample interval', () => {
    expect(isDue(59_990, 0, 60_000, 15_000)).toBe(true);
    expect(isDue(14_990, 0, 15_000, 15_000)).toBe(true);
    expect(isDue(7_000, 0, 15_000, 15_000)).toBe(false);
  });
});
