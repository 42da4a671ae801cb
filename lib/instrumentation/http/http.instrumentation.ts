import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type IncomingMessage, Server as HttpServer, type ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { listenTo } from '../../primitives/emitter-listener.js';
import { observeCallback, patchMethod } from '../../primitives/method-patch.js';
import type { FastifyReplyLike } from './route.js';
import type { RequestRecorder } from './request-recorder.js';

interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: unknown, reply: FastifyReplyLike, done: () => void) => void,
  ): void;
}

/** The channel of Node for each request of HTTP/1, also for those that Node answers itself. */
const REQUEST_START = 'http.server.request.start';

interface RequestStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: unknown;
}

/**
 * Makes every request of the application known to the recorder, below all of Nest: on the raw server, which alone
 * sees what Node answers itself and what Fastify refuses before it runs any hook, and where the framework takes a
 * request over, which also sees what does not come by that server (`inject()`, a second address of `localhost`, a
 * server of the user's own, an application that this one is mounted in).
 */
@Injectable()
export class HttpInstrumentation implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly restore: (() => void)[] = [];
  private isHooked = false;

  /** The framework is hooked at once, so that whatever `main.ts` adds comes after it. */
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly recorder: RequestRecorder,
  ) {
    this.hookFramework();
  }

  onModuleInit(): void {
    // The testing module makes the providers before it knows the framework.
    this.hookFramework();
  }

  /** Not before, since an application that fails to start is not told to end: its server gets no request until now. */
  onApplicationBootstrap(): void {
    const server: unknown = this.host.httpAdapter?.getHttpServer();
    if (typeof server === 'object' && server !== null) this.hookServer(server);
  }

  onApplicationShutdown(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  private hookServer(server: object): void {
    const { recorder } = this;
    const { guard } = recorder;
    if (server instanceof HttpServer || server instanceof HttpsServer) {
      const onStart = ((message: RequestStart) => {
        if (message.server === server) recorder.begin(message.response, message.request.method);
      }) as ChannelListener;
      subscribe(REQUEST_START, onStart);
      this.restore.push(() => unsubscribe(REQUEST_START, onStart));
    } else {
      const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
        recorder.begin(response, request.method);
      this.restore.push(listenTo(server, 'request', guard, onRequest, { first: true }));
    }
    // Not by a listener: Node answers what its parser refuses only while nobody listens for `clientError`.
    this.restore.push(
      patchMethod(server, 'emit', guard, ([event, error, socket]) => {
        if (event === 'clientError') recorder.refuse(error as Error, socket as Socket);
        return undefined;
      }),
    );
  }

  private hookFramework(): void {
    const framework: unknown = this.host.httpAdapter?.getInstance();
    if (this.isHooked || !framework) return;
    this.isHooked = true;
    if (isFastify(framework)) this.hookFastify(framework);
    else if (isExpress(framework)) this.hookExpress(framework);
    this.watchUnmatched(this.host.httpAdapter);
  }

  private hookFastify(fastify: FastifyLike): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      this.recorder.beginReply(reply);
      done();
    });
  }

  /** Not by a layer, which would cost each request several times what the recorder does. */
  private hookExpress(express: object): void {
    const { recorder } = this;
    this.restore.push(
      patchMethod(express, 'handle', recorder.guard, ([request, response]) => {
        recorder.begin(response as ServerResponse, (request as IncomingMessage).method);
        return undefined;
      }),
    );
  }

  /** Nest registers one handler for all that no route is for. */
  private watchUnmatched(adapter: object): void {
    const { recorder } = this;
    const { guard } = recorder;
    const onUnmatched = (args: readonly unknown[]): void => recorder.unmatched(rawResponse(args[1]));
    this.restore.push(
      patchMethod(adapter, 'setNotFoundHandler', guard, ([handler, ...more]) => ({
        args: [observeCallback(handler, guard, onUnmatched), ...more],
      })),
    );
  }
}

/** Returns the response of Node under that of the framework. */
function rawResponse(response: unknown): ServerResponse {
  const { raw } = response as { readonly raw?: ServerResponse };
  return raw ?? (response as ServerResponse);
}

function isFastify(framework: unknown): framework is FastifyLike {
  return typeof framework === 'object' && framework !== null && 'addHook' in framework;
}

function isExpress(framework: unknown): framework is object {
  return typeof framework === 'function' && 'handle' in framework && typeof framework.handle === 'function';
}
