import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DistinctOverWindow } from '../../lib/business/distinct-over-window.js';
import { HyperLogLog } from '../../lib/business/hyperloglog.js';

/** Four times the standard error that is stated: beyond it, one run in 16 000 would be by chance. */
const BOUND = 4 * 0.0081;

const IDS: readonly (readonly [string, (i: number) => string])[] = [
  ['numbers in a row', (i) => String(i)],
  ['numbers far apart', (i) => String(i * 1_048_576)],
  ['addresses', (i) => `user${i}@example.com`],
  [
    'UUIDs',
    (i) =>
      createHash('md5')
        .update(String(i))
        .digest('hex')
        .replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  ],
  ['texts that end alike', (i) => `${i}-of-the-same-tenant-and-of-no-other`],
  ['characters beyond ASCII', (i) => `ユーザー${String.fromCodePoint(0x4e00 + (i % 20_000))}${i}`],
];

function relativeError(estimate: number, count: number): number {
  return Math.abs(estimate - count) / count;
}

describe('an estimate of distinct strings', () => {
  it.each(IDS)(
    'is within its error, from one to a million, for %s',
    (_, idOf) => {
      const sketch = new HyperLogLog();
      let next = 0;
      for (const count of [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]) {
        for (; next < count; next++) sketch.add(idOf(next));
        expect(relativeError(sketch.estimate(), count)).toBeLessThan(count <= 100 ? 0.01 : BOUND);
      }
    },
    60_000,
  );

  it('has the documented standard error over many sketches', () => {
    const errors = Array.from({ length: 60 }, (_, run) => {
      const sketch = new HyperLogLog();
      for (let i = 0; i < 30_000; i++) sketch.add(`${run}:${i}`);
      return sketch.estimate() / 30_000 - 1;
    });
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(deviation).toBeGreaterThan(0.004);
    expect(deviation).toBeLessThan(0.0115);
    expect(Math.abs(mean)).toBeLessThan(0.004);
  }, 60_000);

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
