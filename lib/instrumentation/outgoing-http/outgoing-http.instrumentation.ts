import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { listenTo } from '../../primitives/emitter-listener.js';
import { hostOf, hostOfOrigin } from './destination.js';
import type { OutgoingRequestRecorder } from './outgoing-request.recorder.js';

/** What undici, and with it `fetch`, tells of a request. */
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
 * Listens to what Node tells of outgoing requests by its diagnostics channels: those of `fetch` and undici, and those
 * of `node:http` and `node:https`. The channels are of the process, like its processor time: every application that
 * listens sees all of its requests.
 */
@Injectable()
export class OutgoingHttpInstrumentation implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners: Readonly<Record<string, ChannelListener>>;

  constructor(recorder: OutgoingRequestRecorder) {
    const { guard } = recorder;
    // An error in a listener would be an uncaught one: a request of another shape is not measured instead.
    const told =
      <T>(listen: (message: T) => void): ChannelListener =>
      (message) => {
        try {
          listen(message as T);
        } catch (error) {
          guard.report(error);
        }
      };
    const onClose = (request: ClientRequest & { readonly res?: IncomingMessage | null }): void => {
      if (request.res?.statusCode === undefined)
        recorder.fail(request, new Error('closed without a response'));
      else recorder.respond(request, request.res.statusCode);
    };
    const begin = (request: ClientRequest): void => recorder.begin(request, hostOf(request), request.method);
    this.listeners = {
      'undici:request:create': told<UndiciMessage>(({ request }) =>
        recorder.begin(request, hostOfOrigin(request.origin), request.method),
      ),
      'undici:request:headers': told<UndiciMessage>(({ request, response }) =>
        recorder.respond(request, response.statusCode),
      ),
      'undici:request:error': told<UndiciMessage>(({ request, error }) => recorder.fail(request, error)),
      // Earlier than the other, but only from Node 22.12 on.
      'http.client.request.created': told<ClientMessage>(({ request }) => begin(request)),
      'http.client.request.start': told<ClientMessage>(({ request }) => {
        begin(request);
        // There is no other end of a request whose connection has become something else, such as a WebSocket.
        listenTo(request, 'close', guard, () => onClose(request));
      }),
      'http.client.response.finish': told<ClientMessage>(({ request, response }) =>
        recorder.respond(request, response.statusCode ?? 0),
      ),
      'http.client.request.error': told<ClientMessage>(({ request, error }) => recorder.fail(request, error)),
    };
  }

  onModuleInit(): void {
    this.begin();
  }

  onApplicationShutdown(): void {
    this.end();
  }

  begin(): void {
    for (const [channel, listener] of Object.entries(this.listeners)) subscribe(channel, listener);
  }

  end(): void {
    for (const [channel, listener] of Object.entries(this.listeners)) unsubscribe(channel, listener);
  }
}
