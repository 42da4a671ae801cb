import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { networkErrorCode } from '../../lib/primitives/network-error-code.js';

describe('the code of a network error', () => {
  it('is that of the error, or of a cause of it as `fetch` has', async () => {
    const [error] = (await once(connect('/does/not/exist'), 'connect').catch((each: unknown) => [each])) as [
      Error,
    ];
    expect(networkErrorCode(error)).toBe('ENOENT');
    expect(networkErrorCode(new TypeError('fetch failed', { cause: error }))).toBe('ENOENT');
  });

  it('is undefined for what has none', () => {
    expect([undefined, null, 'ECONNREFUSED', { code: 'E' }, new Error('x')].map(networkErrorCode)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });

  it('ends at an error that causes itself', () => {
    const error = new Error('a');
    error.cause = error;
    expect(networkErrorCode(error)).toBeUndefined();
  });
});
