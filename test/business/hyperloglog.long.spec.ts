import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
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

describe('an estimate of many distinct strings', () => {
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
});
