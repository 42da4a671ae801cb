import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from '../../lib/integrations/bounded-cache.js';

describe('values by text, of those that were asked for lately', () => {
  it('are there until others have taken their place', () => {
    const values = new BoundedCache<number>(10, Infinity);
    values.set('a', 0);
    for (let i = 0; i < 4; i++) values.set(`${i}`, i);
    expect(values.get('a')).toBe(0);
    for (let i = 0; i < 20; i++) values.set(`${i}`, i);
    expect(values.get('a')).toBeUndefined();
  });

  it('stay as long as somebody asks for them, however many others are seen once', () => {
    const values = new BoundedCache<number>(10, Infinity);
    values.set('a', 1);
    for (let i = 0; i < 1_000; i++) {
      values.set(`${i}`, i);
      expect(values.get('a')).toBe(1);
    }
  });

  it.each([
    ['in number', 10, Infinity, 1],
    ['in length', Infinity, 100, 10],
    ['in length, of texts that are longer than half of it', Infinity, 100, 60],
    ['in length, of texts that are longer than all of it', Infinity, 100, 1_000],
  ])('are bounded %s', (_, maxCount, maxLength, length) => {
    const values = new BoundedCache<number>(maxCount, maxLength);
    const texts = Array.from({ length: 500 }, (__, i) => `${i}`.padStart(length, '.'));
    for (const [i, text] of texts.entries()) values.set(text, i);
    expect(values.get(texts.at(-1) ?? '')).toBe(499);
    expect(texts.filter((text) => values.get(text) !== undefined).length).toBeLessThanOrEqual(12);
  });
});
