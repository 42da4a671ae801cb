import { describe, expect, it } from '@jest/globals';
import { hasCredentials, parseHttpUrl } from '../../lib/options/http-url.js';

describe('the URL in an option', () => {
  it.each(['http://127.0.0.1:9091', 'https://user:password@example.com/push?x#y'])('may be %s', (url) => {
    expect(parseHttpUrl(url)?.href).toBe(new URL(url).href);
  });

  it.each([
    undefined,
    null,
    5,
    {},
    '',
    'example.com',
    '/metrics',
    'ftp://example.com',
    'file:///etc',
    'http://',
  ])('must not be %j', (value) => {
    expect(parseHttpUrl(value)).toBeUndefined();
  });

  it.each([
    ['https://user:password@example.com', true],
    ['https://user@example.com', true],
    ['https://:password@example.com', true],
    ['https://example.com/user:password@', false],
  ])('%s contains credentials: %s', (url, expected) => {
    expect(hasCredentials(new URL(url))).toBe(expected);
  });
});
