import { describe, expect, it } from '@jest/globals';
import { requestAddress } from '../../lib/primitives/request-address.js';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the address of a request', () => {
  it.each<[string, string, string | null]>([
    ['http://host/path?a=b', 'http://host/path?a=b', null],
    ['http://user:secret@host/path', 'http://host/path', basic('user:secret')],
    ['http://user@host', 'http://host/', basic('user:')],
    ['http://:secret@host', 'http://host/', basic(':secret')],
    ['http://us%20er:p%40ss%3A@host', 'http://host/', basic('us er:p@ss:')],
    ['http://user:50%@host', 'http://host/', basic('user:50%')],
    ['http://é:ü@host', 'http://host/', basic('é:ü')],
  ])('%s is %s, let in by %s', (given, expected, authorization) => {
    for (const address of [requestAddress(given), requestAddress(new URL(given))]) {
      expect(address.url.href).toBe(expected);
      expect(address.headers.get('authorization')).toBe(authorization);
      expect(() => new Request(address.url, { headers: address.headers })).not.toThrow();
    }
  });

  it.each(['authorization', 'Authorization', 'AUTHORIZATION'])('yields to a header %s', (name) => {
    const { url, headers } = requestAddress('http://user:secret@host', { [name]: 'Bearer x', b: 'c' });
    expect(url.href).toBe('http://host/');
    expect(Object.fromEntries(headers)).toEqual({ authorization: 'Bearer x', b: 'c' });
  });

  it('changes no address that it is given', () => {
    const given = new URL('http://user:secret@host');
    requestAddress(given);
    expect(given.href).toBe('http://user:secret@host/');
  });

  it('is not shown if it is none', () => {
    expect(() => requestAddress('http://user:secret@bad host')).toThrow(/^((?!secret).)*$/);
  });
});
