import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../lib/testing/fake-clock.js';
import { createTestRegistry } from '../../lib/testing/test-registry.js';

describe('the clock of a test', () => {
  it('stands still until it is advanced', () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    const begin = clock.monotonic();
    expect(clock.now()).toBe(clock.now());
    clock.advance(1_500);
    expect(new Date(clock.now()).toISOString()).toBe('2026-01-01T00:00:01.500Z');
    expect(clock.monotonic()).toBe(begin + 1_500);
  });

  it('can be set forwards and back without an effect on durations', () => {
    const { registry, clock } = createTestRegistry();
    const stop = registry.timer('job_seconds', 'Jobs.').start();
    clock.advance(2_000);
    clock.jumpTo(clock.now() - 3_600_000);
    clock.advance(1_000);
    expect(clock.now()).toBe(1_700_000_000_000 + 3_000 - 3_600_000);
    expect(stop()).toBe(3);
  });

  it.each([-1, NaN, Infinity])('rejects an advance by %s milliseconds', (ms) => {
    expect(() => new FakeClock().advance(ms)).toThrow(RangeError);
  });

  it.each([NaN, Infinity])('rejects a jump to %s', (ms) => {
    const clock = new FakeClock();
    expect(() => clock.jumpTo(ms)).toThrow(RangeError);
    expect(clock.now()).toBe(1_700_000_000_000);
  });
});

describe('the registry of a test', () => {
  it('collects its own warnings, and can share a clock', () => {
    const clock = new FakeClock();
    const first = createTestRegistry({ clock });
    const second = createTestRegistry({ clock });
    expect(first.registry.snapshot().timestamp).toBe(clock.now());
    first.registry.counter('jobs', 'Jobs.');
    expect(first.warnings).toEqual([expect.stringContaining('_total')]);
    expect(second.warnings).toEqual([]);
    expect(second.registry.getMetric('jobs')).toBeUndefined();
  });
});
