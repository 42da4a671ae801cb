import type { ChannelListener } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { subscribeToChannel } from '../../primitives/diagnostics-channels.js';
import { listenTo } from '../../primitives/emitter-listener.js';
import { hostOf, hostOfOrigin } from './request-host.js';
import type { OutgoingRequestRecorder } from './outgoing-request.recorder.js';

/** The part of an undici request that is used; `fetch` uses undici. */
interface UndiciRequest {
  readonly origin: string | URL;
  readonly method: string;
}

interface UndiciMessage {
  readonly request: UndiciRequest;
  readonly response: { readonly statusCode: number };
  readonly error: unknown;
}

interface ClientMessage {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  readonly error: unknown;
}

/**
 * The instrumentation of outgoing HTTP requests. It subscribes to the diagnostics channels of undici (and `fetch`), and
 * of `node:http` and `node:https`.
 *
 * Diagnostics channels belong to the process: each application in a process records the requests of all of them.
 */
export class OutgoingHttpInstrumentation {
  private readonly listeners: Readonly<Record<string, ChannelListener>>;
  private subscriptions: (() => void)[] = [];

  constructor(recorder: OutgoingRequestRecorder) {
    const { guard } = recorder;
    // Node rethrows an error of a subscriber as an uncaught exception.
    const guarded =
      <T>(listen: (message: T) => void): ChannelListener =>
      (message) => {
        try {
          listen(message as T);
        } catch (error) {
          guard.report(error);
        }
      };
    const onClose = (request: ClientRequest & { readonly res?: IncomingMessage | null }): void => {
      const { res: response } = request;
      if (response?.statusCode === undefined) {
        recorder.fail(request, new Error('closed without a response'));
        return;
      }
      recorder.respond(request, response.statusCode);
      const { errored } = response;
      if (errored === null) recorder.end(request);
      else recorder.fail(request, errored);
    };
    const begin = (request: ClientRequest): void =>
      recorder.begin(request, hostOf(request), request.method, request.protocol);
    this.listeners = {
      'undici:request:create': guarded<UndiciMessage>(({ request }) =>
        recorder.begin(request, hostOfOrigin(request.origin), request.method, request.origin),
      ),
      'undici:request:headers': guarded<UndiciMessage>(({ request, response }) =>
        recorder.respond(request, response.statusCode),
      ),
      // Published also without trailers.
      'undici:request:trailers': guarded<Pick<UndiciMessage, 'request'>>(({ request }) =>
        recorder.end(request),
      ),
      'undici:request:error': guarded<UndiciMessage>(({ request, error }) => recorder.fail(request, error)),
      // Published earlier than http.client.request.start, from Node 22.12 on.
      'http.client.request.created': guarded<ClientMessage>(({ request }) => begin(request)),
      'http.client.request.start': guarded<ClientMessage>(({ request }) => {
        begin(request);
        // After the body of the response; also if the connection is upgraded, such as to a WebSocket.
        listenTo(request, 'close', guard, () => onClose(request));
      }),
      'http.client.response.finish': guarded<ClientMessage>(({ request, response }) => {
        recorder.respond(request, response.statusCode ?? 0);
        // Its request closes only once the application has read the body, though there is none.
        if (isBodiless(request, response)) recorder.end(request);
      }),
      'http.client.request.error': guarded<ClientMessage>(({ request, error }) =>
        recorder.fail(request, error),
      ),
    };
  }

  /** Subscribes to the channels. */
  start(): void {
    this.stop();
    this.subscriptions = Object.entries(this.listeners).map(([channel, listener]) =>
      subscribeToChannel(channel, listener),
    );
  }

  /** Unsubscribes from the channels. */
  stop(): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
    this.subscriptions = [];
  }
}

/** Returns true for the response of `node:http` that ends with its head. */
function isBodiless({ method }: ClientRequest, { statusCode, headers }: IncomingMessage): boolean {
  return method === 'HEAD' || statusCode === 204 || statusCode === 304 || headers?.['content-length'] === '0';
}
