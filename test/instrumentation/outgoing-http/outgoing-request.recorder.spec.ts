import { describe, expect, it } from '@jest/globals';
import { resolveOutgoingHttp } from '../../../lib/instrumentation/outgoing-http/outgoing-http.options.js';
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
