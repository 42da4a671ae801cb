import { describe, expect, it } from '@jest/globals';
import {
  exchange,
  type PushFetch,
  type PushFetchResponse,
} from '../../../lib/exporters/push/http-exchange.js';

function fetchOf(response: unknown): PushFetch {
  return async () => Promise.resolve(response as PushFetchResponse);
}

const REQUEST = { method: 'POST', url: 'http://127.0.0.1', headers: {} };
const ANY_TIME = new AbortController().signal;

describe('the exchange with a remote', () => {
  it('returns the status and the beginning of the body', async () => {
    const headers = { get: (name: string) => (name === 'retry-after' ? '5' : null) };
    const body = [Buffer.from('come '), Buffer.from('back')];
    const response = { status: 503, headers, body: { [Symbol.asyncIterator]: () => body.values() } };
    const answer = await exchange(fetchOf(response), REQUEST, ANY_TIME);
    expect(answer).toMatchObject({ status: 503, text: 'come back', retryAfterMs: 5_000 });
  });

  it.each([undefined, null, {}, { status: '200' }, { status: NaN }, { status: 200.5 }])(
    'fails as without a response, and so is repeated, if `fetch` of the application returns %p',
    async (response) => {
      const headers = { get: () => null };
      const given = response && { headers, body: null, ...response };
      await expect(exchange(fetchOf(given), REQUEST, ANY_TIME)).rejects.toThrow('fetch returned no response');
    },
  );
});
