import { describe, expect, it } from '@jest/globals';
import { ResponseCache, TooManyRequestsError } from '../../lib/dashboard/response-cache.js';

function world() {
  const state = { lastSample: 1, now: 0, computed: 0 };
  const cache = new ResponseCache(state, () => state.now);
  const ask = (key: string, value: unknown = key, maxAgeMs?: number) =>
    cache.get(
      key,
      function* () {
        state.computed++;
        yield;
        return value;
      },
      maxAgeMs,
    );
  return { state, cache, ask };
}

describe('the response cache of the dashboard', () => {
  it('computes a response once between two samples', async () => {
    const { state, ask } = world();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => ask('a')));
    expect(new Set(all)).toEqual(new Set(['"a"']));
    expect(state.computed).toBe(1);
    state.lastSample = 2;
    await ask('a');
    expect(state.computed).toBe(2);
  });

  it('computes a response again after its age limit', async () => {
    const { state, ask } = world();
    await ask('a', 1, 1_000);
    state.now = 999;
    expect(await ask('a', 2, 1_000)).toBe('1');
    state.now = 1_000;
    expect(await ask('a', 2, 1_000)).toBe('2');
  });

  it('rejects a request while too many are pending', async () => {
    const { ask } = world();
    const waiting = Array.from({ length: 16 }, (_, i) => ask(`${i}`));
    expect(() => ask('one more')).toThrow(TooManyRequestsError);
    // A request for a pending response shares it.
    expect(await ask('3')).toBe('"3"');
    await Promise.all(waiting);
    expect(await ask('one more')).toBe('"one more"');
  });

  it.each([
    ['many', 500, 10],
    ['large', 40, 300_000],
    ['larger than everything', 3, 5_000_000],
    ['empty', 100, 0],
    ['of very different sizes', 30, -1],
  ])('is bounded in number and size: %s', async (_, count, length) => {
    const { cache, ask } = world();
    for (let i = 0; i < count; i++) await ask(`${i}`, 'x'.repeat(length < 0 ? (i % 3) * 700_000 : length));
    const { entries, characters } = cache as unknown as { entries: Map<string, object>; characters: number };
    expect(entries.size).toBeLessThanOrEqual(64);
    expect(characters).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(characters).toBe(
      [...entries.values()].reduce((sum, entry) => sum + (entry as { characters: number }).characters, 0),
    );
  });

  it('does not cache a failed response, and continues with the next', async () => {
    const { cache, ask } = world();
    const failing = () =>
      cache.get('bad', function* () {
        yield;
        throw new Error('as planned');
      });
    await expect(failing()).rejects.toThrow('as planned');
    await expect(failing()).rejects.toThrow('as planned');
    await expect(cache.get('worse', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    for (let i = 0; i < 20; i++) expect(await ask('good', null, 0)).toBe('null');
  });
});
