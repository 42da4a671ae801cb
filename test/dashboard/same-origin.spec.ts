import { describe, expect, it } from '@jest/globals';
import { isSameOrigin } from '../../lib/dashboard/same-origin.js';

describe('a request that changes something', () => {
  it('may come from the page itself, or from a client other than a browser', () => {
    expect(isSameOrigin({ 'sec-fetch-site': 'same-origin' })).toBe(true);
    expect(isSameOrigin({ 'sec-fetch-site': 'none' })).toBe(true);
    expect(isSameOrigin({ origin: 'http://shop.example:3000', host: 'shop.example:3000' })).toBe(true);
    expect(isSameOrigin({ host: 'shop.example' })).toBe(true);
  });

  it('may not come from a page of another origin', () => {
    expect(isSameOrigin({ 'sec-fetch-site': 'cross-site' })).toBe(false);
    expect(isSameOrigin({ 'sec-fetch-site': 'same-site', origin: 'https://shop.example' })).toBe(false);
    expect(isSameOrigin({ origin: 'https://evil.example', host: 'shop.example' })).toBe(false);
    expect(isSameOrigin({ origin: 'http://shop.example:8080', host: 'shop.example' })).toBe(false);
  });

  it('may come through a proxy, and with the default port written out', () => {
    const forwarded = { 'x-forwarded-host': 'shop.example, inner', host: '10.0.0.1:3000' };
    expect(isSameOrigin({ origin: 'https://shop.example', ...forwarded })).toBe(true);
    expect(isSameOrigin({ origin: 'https://shop.example', host: 'shop.example:443' })).toBe(true);
  });

  it('is refused with an origin that cannot be read', () => {
    for (const origin of ['null', '', 'shop.example', 'file://']) {
      expect(isSameOrigin({ origin, host: 'shop.example' })).toBe(false);
    }
  });
});
