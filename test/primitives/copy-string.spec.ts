import { describe, expect, it } from '@jest/globals';
import { copyString } from '../../lib/primitives/copy-string.js';

describe('copyString()', () => {
  it('returns an equal text, whatever it is', () => {
    const texts = [
      '',
      'a',
      '__proto__',
      'constructor and more',
      '12345678901234',
      'é'.repeat(20),
      '\ud800'.repeat(20),
    ];
    expect(texts.map(copyString)).toEqual(texts);
    expect(copyString('x'.repeat(10_000).slice(5, 9_000))).toBe('x'.repeat(8_995));
  });
});
