import { describe, expect, it } from '@jest/globals';
import { resolveOutgoingHttp } from '../../../lib/instrumentation/outgoing-http/outgoing-http.options.js';
import type { OperationWaits } from '../../../lib/integrations/operation-waits.js';
import { OutgoingRequestRecorder } from '../../../lib/instrumentation/outgoing-http/outgoing-request.recorder.js';
import { scalars, testRegistry } from '../../metrics/support.js';

/** A pattern that counts how often it is applied. */
class CountingPattern extends RegExp {
  applied = 0;

  override [Symbol.search](text: string): number {
    this.applied++;
    return super[Symbol.search](text);
  }
}

function recording(ignoreHosts: readonly (string | RegExp)[]) {
  const { registry, clock } = testRegistry();
  const options = resolveOutgoingHttp({ ignoreHosts });
  if (options === false) throw new Error('outgoing requests are measured');
  const recorder = new OutgoingRequestRecorder(registry, clock, { ...options, ignoreHosts });
  const send = (host: string): void => {
    const request = {};
    recorder.begin(request, host, 'GET');
    recorder.respond(request, 200);
  };
  const sent = () => scalars(registry, 'http_client_requests_total').map(({ labels }) => labels['host']);
  return { send, sent };
}

describe('hosts that are ignored', () => {
  it('are matched once for each of the first thousand, and each time beyond, so that few are remembered', () => {
    const pattern = new CountingPattern('^internal-');
    const { send, sent } = recording([pattern]);
    for (let i = 0; i < 1_500; i++) send(`internal-${i}`);
    expect(pattern.applied).toBe(1_500);
    for (let i = 0; i < 1_500; i++) send(`internal-${i}`);
    expect(pattern.applied).toBe(2_000);
    expect(sent()).toEqual([]);
  });

  it('are matched as a whole if given as a string, in any case', () => {
    const { send, sent } = recording(['API.example.com']);
    send('api.example.com');
    send('api.example.com:8080');
    expect(sent()).toEqual(['api.example.com:8080']);
  });
});

describe('the wait of an operation for a response', () => {
  function waitingFor(status: number) {
    const { registry, clock } = testRegistry();
    const options = resolveOutgoingHttp();
    if (options === false) throw new Error('outgoing requests are measured');
    const calls: [event: string, hasFailed: boolean][] = [];
    const wait = {
      count: (_: unknown, hasFailed: boolean) => void calls.push(['count', hasFailed]),
      end: (_: unknown, hasFailed: boolean) => void calls.push(['end', hasFailed]),
    };
    const operations = { current: {}, begin: () => wait } as unknown as OperationWaits;
    const recorder = new OutgoingRequestRecorder(registry, clock, options, operations);
    const request = {};
    recorder.begin(request, 'rates', 'GET');
    recorder.respond(request, status);
    return { recorder, request, calls };
  }

  it.each<[string, Error, boolean]>([
    [
      'has not failed if the application gives up the rest of the body',
      new DOMException('', 'AbortError'),
      false,
    ],
    [
      'has failed if the body breaks off',
      Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
      true,
    ],
  ])('%s', (_, error, hasFailed) => {
    const { recorder, request, calls } = waitingFor(200);
    recorder.fail(request, error);
    recorder.end(request);
    expect(calls).toEqual([
      ['count', false],
      ['end', hasFailed],
    ]);
  });

  it('has failed by a status of 500, and ends with the body', () => {
    const { recorder, request, calls } = waitingFor(500);
    recorder.end(request);
    expect(calls).toEqual([
      ['count', true],
      ['end', false],
    ]);
  });
});
