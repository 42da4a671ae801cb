import { describe, expect, it } from '@jest/globals';
import { DistinctOverWindow } from '../../lib/business/distinct-over-window.js';
import { HyperLogLog } from '../../lib/business/hyperloglog.js';

/** Four times the standard error that is stated: beyond it, one run in 16 000 would be by chance. */
const BOUND = 4 * 0.0081;

function relativeError(estimate: number, count: number): number {
  return Math.abs(estimate - count) / count;
}

describe('an estimate of distinct strings', () => {
  it('is zero when empty, and ignores repetitions', () => {
    const sketch = new HyperLogLog();
    expect(sketch.estimate()).toBe(0);
    for (let i = 0; i < 10_000; i++) sketch.add(`user-${i % 50}`);
    expect(Math.round(sketch.estimate())).toBe(50);
  });

  it('covers the union of merged sketches', () => {
    const [a, b] = [new HyperLogLog(), new HyperLogLog()];
    for (let i = 0; i < 20_000; i++) (i % 2 === 0 ? a : b).add(String(i));
    for (let i = 0; i < 5_000; i++) for (const sketch of [a, b]) sketch.add(String(i));
    a.merge(b);
    expect(relativeError(a.estimate(), 20_000)).toBeLessThan(BOUND);
  });
});

describe('an estimate over a sliding window', () => {
  const HOUR = 3_600_000;
  const SLOT = HOUR / 12;
  const START = 1_700_000_000_000 - (1_700_000_000_000 % SLOT);

  it('covers the window, and forgets older strings a slot later', () => {
    const users = new DistinctOverWindow(HOUR);
    for (let i = 0; i < 40; i++) users.add(`early ${i}`, START);
    for (let i = 0; i < 7; i++) users.add(`late ${i}`, START + HOUR / 2);
    expect(users.estimate(START + HOUR / 2)).toBe(47);
    expect(users.estimate(START + HOUR)).toBe(47);
    expect(users.estimate(START + HOUR + SLOT)).toBe(7);
    expect(users.estimate(START + 3 * HOUR)).toBe(0);
  });

  it('counts a recurring string once', () => {
    const users = new DistinctOverWindow(HOUR);
    for (let minute = 0; minute < 600; minute++) users.add('ada', START + minute * 60_000);
    expect(users.estimate(START + 600 * 60_000)).toBe(1);
  });

  it('keeps one sketch per slot, however long it runs', () => {
    const users = new DistinctOverWindow(1_200);
    for (let i = 0; i < 100_000; i++) users.add(`user ${i}`, START + i * 10);
    const slots = (users as unknown as { slots: Map<number, unknown> }).slots;
    expect(slots.size).toBeLessThanOrEqual(13);
  });

  it('keeps working when the clock is set back', () => {
    const users = new DistinctOverWindow(HOUR);
    users.add('from the future', START + 1_000 * HOUR);
    users.add('ada', START);
    expect(users.estimate(START)).toBe(1);
  });
});
