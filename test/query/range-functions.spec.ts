import { describe, expect, it } from '@jest/globals';
import { average, delta, increase, maximum, minimum, rate, sum } from '../../lib/query/range-functions.js';
import { MovingWindow } from '../../lib/query/moving-window.js';

/** A window of one minute over samples every 15 s, of which the last is at its end. */
function windowOf(...values: number[]) {
  const times = values.map((_, i) => 60_000 - (values.length - 1 - i) * 15_000);
  return { times, values, first: 0, end: values.length, startMs: 0, endMs: 60_000 };
}

describe('a function of a counter', () => {
  it('extends the increase to the edges of the window', () => {
    expect(increase(windowOf(10, 20, 30, 40))).toBe(40);
    expect(rate(windowOf(10, 20, 30, 40))).toBeCloseTo(40 / 60, 12);
  });

  it('counts on after a reset', () => {
    expect(increase(windowOf(100, 110, 5, 15, 25))).toBe(35);
  });

  it('does not extend below zero', () => {
    expect(increase(windowOf(1, 100))).toBeCloseTo(99 * (1 + 1 / 99), 10);
  });

  it('needs two samples', () => {
    expect([increase(windowOf(5)), rate(windowOf()), delta(windowOf(5))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a function of a gauge', () => {
  it('computes over the samples in the window', () => {
    const window = windowOf(4, 1, 7);
    expect([average(window), sum(window), minimum(window), maximum(window)]).toEqual([4, 12, 1, 7]);
    expect(delta(windowOf(10, 8, 6, 4, 2))).toBe(-8);
  });

  it('is unknown without samples', () => {
    const window = windowOf();
    expect([average(window), sum(window), minimum(window), maximum(window)]).toEqual(
      Array(4).fill(undefined),
    );
  });

  it('loses nothing to rounding in a sum of large and small numbers', () => {
    expect(sum(windowOf(1e16, 1, 1, -1e16))).toBe(2);
  });
});

describe('a window that moves', () => {
  const samples = { times: [0, 10, 20, 30], values: [1, 2, 3, 4] };
  const inside = (window: MovingWindow): number[] => samples.values.slice(window.first, window.end);

  it('has the sample at its end, and the one at its start only if it is asked to', () => {
    const open = new MovingWindow(samples, false);
    open.moveTo(0, 20);
    expect(inside(open)).toEqual([2, 3]);
    const closed = new MovingWindow(samples, true);
    closed.moveTo(0, 20);
    expect(inside(closed)).toEqual([1, 2, 3]);
  });

  it('moves on, and is empty beyond the last sample', () => {
    const window = new MovingWindow(samples, false);
    window.moveTo(-20, 0);
    expect(inside(window)).toEqual([1]);
    window.moveTo(10, 30);
    expect(inside(window)).toEqual([3, 4]);
    window.moveTo(100, 120);
    expect(inside(window)).toEqual([]);
  });
});
