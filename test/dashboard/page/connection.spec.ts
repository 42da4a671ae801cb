import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

const PAGE = new URL('../../../lib/dashboard/page/', import.meta.url);
const realFetch = globalThis.fetch;
Object.assign(globalThis, {
  document: { querySelector: () => ({ content: '/dashboard/' }) },
  sessionStorage: { getItem: () => null },
});
interface Listener {
  readonly event: (name: string, data: unknown) => void;
  readonly connected: () => void;
  readonly alive: () => void;
}

const { read, readFirst, receiveEvents } = (await import(String(new URL('connection.js', PAGE)))) as {
  readonly read: (path: string) => Promise<unknown>;
  readonly readFirst: (
    address: string,
    page: { readonly overview?: unknown; readonly isDenied: boolean },
    show: (overview: unknown) => void,
  ) => Promise<void>;
  readonly receiveEvents: (listener: Listener, signal: AbortSignal) => Promise<void>;
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

describe('the first overview of the page', () => {
  const FIRST = '/dashboard/api/overview';
  let answerFirst: (response: Response) => void;
  let events: WritableStreamDefaultWriter<Uint8Array>;
  /** The overviews that are shown, in their order. */
  let shown: unknown[];
  let page: { overview?: unknown; isDenied: boolean };

  beforeEach(() => {
    shown = [];
    page = { isDenied: false };
    const first = new Promise<Response>((resolve) => (answerFirst = resolve));
    const stream = new TransformStream<Uint8Array, Uint8Array>();
    events = stream.writable.getWriter();
    globalThis.fetch = ((address: string) =>
      address === FIRST
        ? first
        : Promise.resolve(
            new Response(stream.readable, { headers: { 'content-type': 'text/event-stream' } }),
          )) as unknown as typeof fetch;
  });
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  const show = (overview: unknown): void => {
    page.overview = overview;
    shown.push(overview);
  };
  const showFirst = (): Promise<void> => readFirst(FIRST, page, show);

  /** Shows the events of a connection, however they are divided on their way. */
  const showEvents = async (...texts: string[]): Promise<void> => {
    const event = (name: string, data: unknown): void => show([name, data]);
    for (const text of texts) void events.write(new TextEncoder().encode(text));
    void events.close();
    const listener = { event, connected: () => undefined, alive: () => undefined };
    await receiveEvents(listener, new AbortController().signal);
  };

  it('is shown as soon as it is there', async () => {
    const first = showFirst();
    answerFirst(Response.json({ timestamp: 1 }));
    await first;
    expect(shown).toEqual([{ timestamp: 1 }]);
  });

  it('never takes the place of an event that has overtaken it', async () => {
    const first = showFirst();
    await showEvents('event: overview\ndata: {"time', 'stamp":2}\n', '\n');
    answerFirst(Response.json({ timestamp: 1 }));
    await first;
    expect(shown).toEqual([['overview', { timestamp: 2 }]]);
  });

  it('never takes the place of an event that comes while it is received', async () => {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const first = showFirst();
    answerFirst(new Response(body.readable));
    void writer.write(new TextEncoder().encode('{"timestamp":'));
    await showEvents('event: overview\ndata: {"timestamp":2}\n\n');
    void writer.write(new TextEncoder().encode('1}'));
    void writer.close();
    await first;
    expect(shown).toEqual([['overview', { timestamp: 2 }]]);
  });

  it('never takes the place of the form to sign in', async () => {
    const first = showFirst();
    page.isDenied = true;
    answerFirst(Response.json({ timestamp: 1 }));
    await first;
    expect(shown).toEqual([]);
  });

  it.each([
    ['is refused', () => Response.json({ message: 'no' }, { status: 401 })],
    ['is a page of a proxy', () => new Response('<html>')],
    ['breaks off', () => new Response('{"timestamp":')],
  ])('is left to the events where it %s', async (_, answer) => {
    const first = showFirst();
    answerFirst(answer());
    await first;
    expect(shown).toEqual([]);
    await showEvents('event: overview\ndata: {"timestamp":2}\n\n');
    expect(shown).toEqual([['overview', { timestamp: 2 }]]);
  });
});
