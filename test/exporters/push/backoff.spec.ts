import { describe, expect, it } from '@jest/globals';
import { Backoff, REJECTION_PAUSES } from '../../../lib/exporters/push/backoff.js';

const pausesOf = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => backoff.next());

describe('the pauses between attempts', () => {
  it('double up to a limit, and start again after a success', () => {
    const backoff = new Backoff(() => 1);
    expect(pausesOf(backoff, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    backoff.reset();
    expect(backoff.next()).toBe(1_000);
  });

  it('are shortened by up to a half at random', () => {
    expect(pausesOf(new Backoff(() => 0), 3)).toEqual([500, 1_000, 2_000]);
  });

  it('are minutes while somebody has to fix something', () => {
    expect(pausesOf(new Backoff(() => 1, REJECTION_PAUSES), 5)).toEqual(
      [2, 4, 8, 15, 15].map((m) => m * 60_000),
    );
  });

  it('are at least as long as the remote asks, up to an hour', () => {
    const backoff = new Backoff(() => 0);
    expect([backoff.next(30_000), backoff.next(1e12), backoff.next(NaN), backoff.next(-5)]).toEqual([
      30_000, 3_600_000, 2_000, 4_000,
    ]);
  });

  it('stay finite however often an attempt has failed', () => {
    const backoff = new Backoff(() => 1);
    expect(pausesOf(backoff, 2_000).at(-1)).toBe(60_000);
  });
});
