import { afterEach, describe, expect, it, jest } from '@jest/globals';

const PAGE = new URL('../../../lib/dashboard/page/', import.meta.url);
const realFetch = globalThis.fetch;
Object.assign(globalThis, {
  document: { querySelector: () => ({ content: '/dashboard/' }) },
  sessionStorage: { getItem: () => null },
});
const { read } = (await import(String(new URL('connection.js', PAGE)))) as {
  readonly read: (path: string) => Promise<unknown>;
};

type Part = Readonly<Record<string, unknown>>;

/** Lets the application answer, and returns the paths that are asked. */
function answerWith(answers: Readonly<Record<string, Part | readonly Part[]>>): string[] {
  const paths: string[] = [];
  globalThis.fetch = jest.fn((input: string) => {
    const path = input.replace('/dashboard/api/', '').split('?')[0]!;
    paths.push(path);
    const answer = answers[path];
    return Promise.resolve(
      answer === undefined
        ? Response.json({ message: 'Not found.' }, { status: 404 })
        : Response.json(answer),
    );
  }) as unknown as typeof fetch;
  return paths;
}

describe('the reads of the page', () => {
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  it('are one request if they begin together, and one each after an await', async () => {
    const paths = answerWith({
      batch: [
        { status: 200, body: { a: 1 } },
        { status: 503, body: { message: 'Busy.' } },
      ],
      now: { c: 3 },
    });
    const reads = [read('causes'), read('view')];
    await expect(reads[0]).resolves.toEqual({ a: 1 });
    await expect(reads[1]).rejects.toMatchObject({ status: 503, message: 'Busy.' });
    await expect(read('now')).resolves.toEqual({ c: 3 });
    expect(paths).toEqual(['batch', 'now']);
  });

  it('are asked alone where only an endpoint of their own answers them', async () => {
    const paths = answerWith({
      batch: [
        { status: 404, body: { message: 'Unknown read.' } },
        { status: 404, body: { message: 'Unknown view.' } },
        { status: 404, body: { message: 'Unknown read.' } },
      ],
      'diagnostics/log-levels': { level: 'debug' },
    });
    const reads = ['diagnostics/log-levels', 'view', 'diagnostics/profiles'].map((path) => read(path));
    const settled = await Promise.allSettled(reads);
    expect(settled).toMatchObject([
      { status: 'fulfilled', value: { level: 'debug' } },
      { status: 'rejected', reason: { status: 404, message: 'Unknown view.' } },
      // It is off.
      { status: 'rejected', reason: { status: 404, message: 'Not found.' } },
    ]);
    expect(paths).toEqual(['batch', 'diagnostics/log-levels', 'diagnostics/profiles']);
  });
});
