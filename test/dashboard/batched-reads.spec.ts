import { describe, expect, it } from '@jest/globals';
import { BatchedReads, type ReadReply } from '../../lib/dashboard/batched-reads.js';
import { ApiError, replyWith, SourcedAnswer } from '../../lib/dashboard/dashboard-api.endpoints.js';
import { TooManyRequestsError } from '../../lib/dashboard/response-cache.js';

function batchOf(reads: Readonly<Record<string, (query: URLSearchParams) => unknown>>) {
  const replies = new Map(
    Object.entries(reads).map(([name, read]): [string, ReadReply] => [
      name,
      (query) => replyWith(() => read(query)),
    ]),
  );
  const batched = new BatchedReads(replies);
  return (...texts: string[]): Promise<string> =>
    batched.read(new URLSearchParams(texts.map((text): [string, string] => ['read', text])));
}

describe('several reads in one request', () => {
  it('are answered in their order, each with its parameters and its source', async () => {
    const ask = batchOf({
      view: async (query) => {
        // The last to end is not the last in the answer.
        await new Promise((resolve) => setImmediate(resolve));
        return new SourcedAnswer(JSON.stringify([...query]), 'fleet');
      },
      causes: () => ({ causes: [] }),
    });
    expect(JSON.parse(await ask('view?name=overview&tag=route%3A%2Fa%26b%3F', 'causes', 'view?'))).toEqual([
      {
        status: 200,
        source: 'fleet',
        body: [
          ['name', 'overview'],
          ['tag', 'route:/a&b?'],
        ],
      },
      { status: 200, body: { causes: [] } },
      { status: 200, source: 'fleet', body: [] },
    ]);
  });

  it('have a status each, so that one that is refused takes no other with it', async () => {
    const ask = batchOf({
      view: () => {
        throw new ApiError(404, 'Unknown view.');
      },
      now: () => {
        throw new TooManyRequestsError();
      },
      causes: () => ({ causes: [] }),
    });
    expect(JSON.parse(await ask('view', 'now', 'causes', '__proto__?x=1', 'constructor', ''))).toEqual([
      { status: 404, body: { statusCode: 404, message: 'Unknown view.' } },
      { status: 503, body: { statusCode: 503, message: expect.stringMatching(/Retry/) as unknown } },
      { status: 200, body: { causes: [] } },
      ...Array.from({ length: 3 }, () => ({
        status: 404,
        body: { statusCode: 404, message: 'Unknown read.' },
      })),
    ]);
  });

  it.each([0, 9])('are refused if there are %d of them', async (count) => {
    const ask = batchOf({ causes: () => [] });
    await expect(ask(...Array.from({ length: count }, () => 'causes'))).rejects.toThrow(
      `There must be 1 to 8 parameters \`read\`; got ${count}.`,
    );
  });

  it('fail with one that fails unexpectedly, whose error is logged as that of any endpoint', async () => {
    const ask = batchOf({
      causes: () => {
        throw new TypeError('as planned');
      },
    });
    await expect(ask('causes')).rejects.toThrow('as planned');
  });

  it('are not those of another request whose text looks alike', async () => {
    const ask = batchOf({
      causes: (query) => ({ causes: [...query].length }),
      blocks: () => ({ blocks: [] }),
    });
    expect(await ask('causes?\nblocks?')).toBe('[{"status":200,"body":{"causes":1}}]');
    expect(await ask('causes?', 'blocks?')).toBe(
      '[{"status":200,"body":{"causes":0}},{"status":200,"body":{"blocks":[]}}]',
    );
  });

  it.each([
    ['64 of them', 10, 64],
    ['4 MiB of them', 200_000, 20],
  ])('are joined once for all that ask for the same, and kept up to %s', async (_, length, most) => {
    const text = JSON.stringify('x'.repeat(length));
    let joined = 0;
    // An answer that notes when it is made a part of a longer text.
    const body = {
      toString: () => {
        joined++;
        return text;
      },
    } as unknown as string;
    const reads = new BatchedReads(
      new Map([['view', () => Promise.resolve({ status: 200, headers: {}, body })]]),
    );
    const isJoined = async (i: number): Promise<boolean> => {
      const before = joined;
      const answer = await reads.read(new URLSearchParams([['read', `view?page=${i}`]]));
      expect(answer).toBe(`[{"status":200,"body":${text}}]`);
      return joined > before;
    };
    expect(await isJoined(0)).toBe(true);
    expect(await isJoined(0)).toBe(false);
    for (let i = 1; i < 200; i++) await isJoined(i);
    // From the newest one on, since a new one takes the place of the oldest.
    let kept = 0;
    while (!(await isJoined(199 - kept))) kept++;
    expect(kept).toBe(most);
  });

  it('show a change of any of them', async () => {
    let value = 1;
    const ask = batchOf({ first: () => ({ value }), second: () => 'null' });
    expect(await ask('first', 'second')).toContain('"value":1');
    value = 2;
    expect(await ask('first', 'second')).toContain('"value":2');
    expect(await ask('second', 'first')).toMatch(/^\[\{"status":200,"body":null\}/);
  });
});
