import { describe, expect, it } from '@jest/globals';
import {
  BASIC_AUTH,
  BEARER_TOKEN,
  expectOneCredential,
  headersOf,
  urlWithoutCredentials,
} from '../../lib/options/http-credentials.js';
import { authorizationOf } from '../../lib/primitives/authorization.js';

describe('the credentials of requests', () => {
  it('are one header', () => {
    expect(authorizationOf({})).toEqual({});
    expect(authorizationOf({ bearerToken: 'a' })).toEqual({ authorization: 'Bearer a' });
    expect(authorizationOf({ basicAuth: { username: 'a', password: 'b:c' } })).toEqual({
      authorization: `Basic ${Buffer.from('a:b:c').toString('base64')}`,
    });
  });

  it('are refused without showing them', () => {
    const refused: (() => unknown)[] = [
      () => BEARER_TOKEN.read('x.token', 'T0ken\n'),
      () => BEARER_TOKEN.read('x.token', ''),
      () => BASIC_AUTH.read('x.basicAuth', { username: 'a', password: '' }),
      () => BASIC_AUTH.read('x.basicAuth', { username: 'a', password: 'T0ken', more: 1 }),
      () => headersOf('x.headers', { 'a b': 'T0ken' }, 'it sets itself'),
      () => headersOf('x.headers', { Host: 'T0ken' }, 'it sets itself'),
      () => headersOf('x.headers', { accept: 'T0ken' }, 'it sets itself', ['accept']),
      () => urlWithoutCredentials('x.url', 'http://me:T0ken@host/'),
      () => urlWithoutCredentials('x.url', 'https://T0ken@host/'),
      () => expectOneCredential('x', { bearerToken: 'T0ken' }, { Authorization: 'T0ken' }, 'the receiver'),
    ];
    for (const read of refused) {
      expect(read).toThrow(/`?x/);
      expect(read).not.toThrow('T0ken');
    }
  });

  it('may be absent, and headers are copied', () => {
    const headers = { a: 'b' };
    expect(headersOf('x', headers, 'it sets')).toEqual(headers);
    expect(headersOf('x', headers, 'it sets')).not.toBe(headers);
    expect(BASIC_AUTH.read('x', undefined)).toBeUndefined();
    expect(urlWithoutCredentials('x.url', 'http://host:1/a?b')?.href).toBe('http://host:1/a?b');
    expect(urlWithoutCredentials('x.url', 'ftp://host')).toBeUndefined();
    expect(() =>
      expectOneCredential('x', { bearerToken: undefined }, { Authorization: 'a' }, 'it'),
    ).not.toThrow();
  });
});
