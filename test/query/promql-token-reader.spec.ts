import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PromqlTokenReader } from '../../lib/query/promql-token-reader.js';
import { PromqlError, type PromqlToken, promqlTokens } from '../../lib/query/promql-tokens.js';

/** A small language of its own, read by means of the reader: names, and lists of them in parentheses. */
class Reader extends PromqlTokenReader {
  constructor(text: string) {
    super(promqlTokens(text));
  }

  value(): unknown {
    if (this.isSymbol('(')) return this.inParentheses(() => this.list());
    if (this.isName('nothing')) {
      this.take();
      return null;
    }
    return this.next.kind === 'name' ? this.take().text : this.fail('a name is expected');
  }

  list(): unknown[] {
    const values = [this.value()];
    while (this.isSymbol(',')) {
      this.take();
      values.push(this.value());
    }
    return values;
  }

  rest(): PromqlToken[] {
    const tokens: PromqlToken[] = [];
    while (this.next.kind !== 'end') tokens.push(this.take());
    return tokens;
  }

  read<T>(
    work: (reader: { take: () => PromqlToken; next: PromqlToken; after: PromqlToken | undefined }) => T,
  ): T {
    return work({
      take: () => this.take(),
      next: this.next,
      after: this.afterNext,
    });
  }
}

/** Returns the message of a refusal, and the part of the text at which it is. */
function refusalOf(text: string, work: (reader: Reader) => unknown = (reader) => reader.list()): string[] {
  try {
    work(new Reader(text));
  } catch (error) {
    if (error instanceof PromqlError) return [error.message, text.slice(error.at)];
    throw error;
  }
  return [];
}

describe('a reader of tokens', () => {
  it('reads one after the other, and knows the next two', () => {
    const reader = new Reader('a, (b, nothing, (c))');
    expect(reader.read(({ next, after }) => [next.text, after?.text])).toEqual(['a', ',']);
    expect(reader.list()).toEqual(['a', ['b', null, ['c']]]);
    expect(reader.read(({ next, after }) => [next.kind, after])).toEqual(['end', undefined]);
  });

  it.each([
    ['a, 5', 'a name is expected', '5'],
    ['(a, b', 'expected ")", got the end', ''],
    ['(a b)', 'expected ")", got "b"', 'b)'],
    ['(a "\\"")', String.raw`expected ")", got "\"\\\"\""`, '"\\"")'],
    ['', 'a name is expected', ''],
  ])('refuses %j with what is wrong, and where', (text, message, rest) => {
    expect(refusalOf(text)).toEqual([message, rest]);
  });

  it('takes a string for no symbol or name, whatever its text', () => {
    expect(refusalOf('"(" a')).toEqual(['a name is expected', '"(" a']);
    expect(refusalOf('"nothing"')).toEqual(['a name is expected', '"nothing"']);
  });

  it('does not go beyond the end, however often it is asked to', () => {
    const reader = new Reader('a');
    reader.rest();
    for (let i = 0; i < 3; i++) {
      expect(() => reader.read(({ take }) => take())).toThrow(new PromqlError('unexpected end', 1));
    }
    expect(reader.read(({ next }) => next)).toEqual({ kind: 'end', text: '', at: 1 });
  });

  it('reads every token of any text once, in their order', () => {
    const part = fc.constantFrom(
      'sum',
      '(',
      ')',
      '[5m]',
      '"a"',
      '0.5',
      '>=',
      '=~',
      ' ',
      '\n',
      '# note\n',
      'a:b_c',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join(' ');
        expect([...new Reader(text).rest()]).toEqual(promqlTokens(text).slice(0, -1));
      }),
    );
  });
});
