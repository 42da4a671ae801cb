import { describe, expect, it } from '@jest/globals';
import { Re2Translation } from '../../lib/primitives/re2-translation.js';

const translated = (source: string): string => new Re2Translation(source).translate();

describe('a translation from RE2', () => {
  it.each(['GET|POST', 'a{2,3}', '(?:api|web)[0-9]+'])(
    'leaves %s, which means the same in JavaScript',
    (source) => {
      expect(new RegExp(`^(?:${translated(source)})$`, 'u').source).toBe(`^(?:${source})$`);
    },
  );

  it('gives white space the characters of RE2, which has fewer of them than JavaScript', () => {
    const space = new RegExp(`^(?:${translated(String.raw`\s`)})$`, 'u');
    expect(['\t', ' ', '\u00a0', '\u2003'].map((text) => space.test(text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each(['a)', 'x{1,1001}', '(?=a)', String.raw`\u0078`, '\ud800'])('refuses %j', (source) => {
    expect(() => translated(source)).toThrow();
  });
});
