import { describe, expect, it } from '@jest/globals';
import {
  figure,
  MAX_CAUSE,
  milliseconds,
  nameOf,
  percent,
  sentenceOf,
  shortCause,
  shortened,
  silenceOf,
  timesOf,
} from '../../../lib/dashboard/now/verdict-text.js';

describe('the texts of a verdict', () => {
  it('are figures for people', () => {
    expect([0.69, 0.096, 0.094, 0.0123, 0.000_6, 0, 1].map(percent)).toEqual([
      '69 %',
      '10 %',
      '9 %',
      '1 %',
      '0.06 %',
      '0 %',
      '100 %',
    ]);
    expect([1234.5, 100, 99.96, 4.56, 0.0123].map(figure)).toEqual(['1235', '100', '100', '4.6', '0.012']);
    expect([3_533, 999.9, 41.2].map(milliseconds)).toEqual(['3.5 s', '1000 ms', '41 ms']);
  });

  it('have a cause with its function and without its file', () => {
    expect(shortCause('TypeError, at Deals.find (src/deals.ts:3:7).')).toBe('TypeError in Deals.find');
    expect(shortCause('TypeError, at async Deals.find (src/deals.ts:3:7), once.')).toBe(
      'TypeError in async Deals.find, once',
    );
    expect(shortCause('x'.repeat(10_000))).toHaveLength(MAX_CAUSE);
  });

  it('end in an ellipsis where they are cut', () => {
    expect(shortened('abcdef', 6)).toBe('abcdef');
    expect(shortened('abcdefg', 6)).toBe('abcde…');
  });

  it('have a name of any length: a long one without its middle, and the whole one beside it', () => {
    expect(nameOf('GET /deals')).toBe('GET /deals');
    expect(nameOf('x'.repeat(60))).toBe('x'.repeat(60));
    const name = `GET /${'a'.repeat(57)}/:id`;
    expect(nameOf(name)).toEqual({ name, short: `GET /${'a'.repeat(25)}…${'a'.repeat(25)}/:id` });
    expect(sentenceOf([nameOf(name), ' fails.']).text).toBe(
      `GET /${'a'.repeat(25)}…${'a'.repeat(25)}/:id fails.`,
    );
    const endless = nameOf('x'.repeat(100_000));
    expect(JSON.stringify(endless).length).toBeLessThan(400);
  });

  it.each(['😀', 'a😀'])('cut no character in halves: %s', (text) => {
    const part = nameOf(text.repeat(50));
    const short = typeof part === 'object' && 'short' in part ? part.short : '';
    expect(short.isWellFormed()).toBe(true);
    expect(short.length).toBeGreaterThan(55);
    for (let length = 20; length < 24; length++)
      expect(shortened(text.repeat(50), length).isWellFormed()).toBe(true);
  });

  it('name a time by its minutes, or the one in which it was', () => {
    const at = Date.UTC(2026, 0, 5, 6, 17, 20);
    expect(sentenceOf(['Failed', ...timesOf(at, at + 40_000), '.']).text).toBe(
      'Failed from 06:17 UTC to 06:18 UTC.',
    );
    expect(sentenceOf(['Failed', ...timesOf(at, at + 39_999), '.']).text).toBe('Failed at 06:17 UTC.');
  });

  it('say since when no request has come, with the time if it is another minute than that of the last failure', () => {
    const at = Date.UTC(2026, 0, 5, 6, 17, 20);
    const textOf = (until?: number, since?: number) => sentenceOf(silenceOf(until, since)).text;
    expect(textOf(at, at + 39_999)).toBe(', no request since');
    expect(textOf(at, at + 40_000)).toBe(', no request since 06:18 UTC');
    expect([textOf(), textOf(at), textOf(undefined, at)]).toEqual(['', '', '']);
  });

  it('have times in UTC, and their neighbouring parts as one', () => {
    const at = Date.UTC(2026, 0, 5, 6, 17, 20);
    expect(sentenceOf(['It fails', '', ' since ', { at }, ': ', 'no.'])).toEqual({
      text: 'It fails since 06:17 UTC: no.',
      parts: ['It fails since ', { at }, ': no.'],
    });
  });
});
