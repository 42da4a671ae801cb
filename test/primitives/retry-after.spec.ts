import { describe, expect, it } from '@jest/globals';
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from '../../lib/primitives/retry-after.js';

const NOW = Date.UTC(2026, 10, 6, 8, 49, 7);

describe('Retry-After', () => {
  it.each([
    ['seconds', '30', 30_000],
    ['no seconds', '0', 0],
    ['parts of a second', '1.5', 1_500],
    ['seconds with space around them', ' 30 ', 30_000],
    ['a date', 'Fri, 06 Nov 2026 08:49:37 GMT', 30_000],
    ['a date in small letters', 'fri, 06 nov 2026 08:49:37 gmt', 30_000],
    ['a date as of RFC 850', 'Friday, 06-Nov-26 08:49:37 GMT', 30_000],
    ['a date of asctime, which names no time zone', 'Fri Nov  6 08:49:37 2026', 30_000],
    ['a date that is past', 'Thu, 06 Nov 1994 08:49:37 GMT', 0],
    ['a longer time than a timer can wait', '3000000', MAX_RETRY_AFTER_MS],
    ['a number without end', '9'.repeat(400), MAX_RETRY_AFTER_MS],
    ['a date in a hundred years', 'Fri, 06 Nov 2126 08:49:37 GMT', MAX_RETRY_AFTER_MS],
  ])('is parsed from %s', (_name, value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms);
  });

  it.each([
    null,
    undefined,
    '',
    ' ',
    '-1',
    'Infinity',
    '1e3',
    '0x10',
    '30s',
    '30, 60',
    'soon',
    '2026-11-06',
    'Fri, 99 Nov 2026 08:49:37 GMT',
    'Fri, 06 Nov 2026 08:49:37 GMT; 06 Nov 2027',
  ])('ignores %j', (value) => {
    expect(parseRetryAfter(value, NOW)).toBeUndefined();
  });

  it('does not depend on the time zone of the process', () => {
    const zone = process.env['TZ'];
    try {
      for (const tz of ['America/New_York', 'Asia/Tokyo', 'UTC']) {
        process.env['TZ'] = tz;
        expect(parseRetryAfter('Fri Nov  6 08:49:37 2026', NOW)).toBe(30_000);
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});
