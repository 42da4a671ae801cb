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

  it('are joined once for all that ask for the same, as long as there are few different questions', async () => {
    const answer = JSON.stringify({ text: 'x'.repeat(200_000) });
    const batches = (ask: BatchedReads): Map<string, { text: string }> =>
      (ask as unknown as { batches: Map<string, { text: string }> }).batches;
    const reads = new BatchedReads(new Map([['view', () => replyWith(() => answer)]]));
    const ask = (i: number): Promise<string> => reads.read(new URLSearchParams([['read', `view?page=${i}`]]));
    await ask(0);
    const [{ text } = { text: '' }] = batches(reads).values();
    expect(await ask(0)).toBe(text);
    for (let i = 1; i < 200; i++) await ask(i);
    const kept = [...batches(reads).values()].reduce((sum, batch) => sum + batch.text.length, 0);
    expect(kept).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(batches(reads).size).toBeGreaterThan(10);
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
