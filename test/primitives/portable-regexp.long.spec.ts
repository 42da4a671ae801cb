import { describe, expect, it } from '@jest/globals';
import { RE2JS } from 're2js';
import { PortableRegExp } from '../../lib/primitives/portable-regexp.js';
import { expectThat, unreachable } from '../support/expectations.js';

describe('a regular expression', () => {
  it('agrees with RE2 on every accepted expression, over random ones', () => {
    const pieces =
      String.raw`a b é 😀 . ^ $ * + ? {2} {1,3} {,3} {0} { } ( ) (?: | [ [^ ] - \d \w \s \S \D \b \x41 \u0041 \p{L} \P{Lu} \pL \. \- \_ \0 \1 \a \t \v : [:alpha:] (?i) (?=a) \ [a-z] [\w-a] [a-c-e] [^\s]`.split(
        ' ',
      );
    const texts = [
      '',
      'a',
      'b',
      'é',
      '😀',
      'ab',
      'aab',
      'a-',
      ' ',
      '\t',
      '\v',
      '\u00a0',
      '\n',
      'A',
      ']',
      'a{,3}',
      '.',
      '😀😀',
      'Ж',
      '\\',
    ];
    let state = 42;
    const below = (count: number): number => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0;
      return (state >>> 8) % count;
    };
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      const source = Array.from({ length: 1 + below(5) }, () => pieces[below(pieces.length)]).join('');
      let ours: PortableRegExp;
      try {
        ours = new PortableRegExp(source);
      } catch (error) {
        expectThat(error, source).not.toBeInstanceOf(SyntaxError);
        continue;
      }
      accepted++;
      const theirs = RE2JS.compile(`^(?:${source})$`);
      for (const text of texts) {
        if (ours.matches(text) !== theirs.matcher(text).find())
          unreachable(`${source} on ${JSON.stringify(text)}`);
      }
    }
    expect(accepted).toBeGreaterThan(1_000);
  });
});
