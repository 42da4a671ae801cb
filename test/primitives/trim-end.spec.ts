import { describe, expect, it } from '@jest/globals';
import { trimEnd } from '../../lib/primitives/trim-end.js';

describe('trimEnd', () => {
  it.each([
    ['http://gateway:9091/', '/', 'http://gateway:9091'],
    ['http://gateway:9091///', '/', 'http://gateway:9091'],
    ['/a/b', '/', '/a/b'],
    ['team:_:_', '_:', 'team'],
    ['_:_', '_:', ''],
    ['', '/', ''],
  ])('returns %j without %j at its end as %j', (text, characters, trimmed) => {
    expect(trimEnd(text, characters)).toBe(trimmed);
  });
});
