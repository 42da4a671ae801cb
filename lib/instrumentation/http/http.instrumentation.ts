import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
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

const EXPECTATION = 'checkExpectation';

/**
 * Makes every request of the application known to the recorder, below all of Nest: on the raw server, which alone
 * sees what Node answers itself and what Fastify refuses before it runs any hook, and where the framework takes a
 * request over, which also sees what does not come by that server (`inject()`, a second address of `localhost`, a
 * server of the user's own, an application that this one is mounted in).
 */
export class HttpInstrumentation {
  private readonly restore: (() => void)[] = [];
  private isHooked = false;

  /** The framework is hooked at once, so that whatever `main.ts` adds comes after it. */
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly recorder: RequestRecorder,
  ) {
    this.hookFramework();
  }

  install(): void {
    // The testing module makes the providers before it knows the framework.
    this.hookFramework();
  }

  /** Not before, since an application that fails to start is not told to end: its server gets no request until now. */
  start(): void {
    const server: unknown = this.host.httpAdapter?.getHttpServer();
    if (typeof server === 'object' && server !== null) this.hookServer(server);
  }

  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  private hookServer(server: object): void {
    const { recorder } = this;
    const { guard } = recorder;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      recorder.begin(response, request.method);
    // Not by a channel of Node, which would also tell of the rest that Node answers itself: for each request it costs
    // as much as all else together.
    this.restore.push(listenTo(server, 'request', guard, onRequest, { first: true }));
    this.restore.push(this.watchExpectations(server));
    // Not by a listener: Node answers what its parser refuses only while nobody listens for `clientError`.
    this.restore.push(
      patchMethod(server, 'emit', guard, ([event, first, socket]) => {
        if (event === 'clientError') recorder.refuse(first as Error, socket as Socket);
        else if (event === 'dropRequest') recorder.drop(first as IncomingMessage);
        return undefined;
      }),
    );
  }

  /** Node answers an expectation that it does not know with 417 while nobody listens: so does what listens here. */
  private watchExpectations(server: object): () => void {
    const { guard } = this.recorder;
    return listenTo(server, EXPECTATION, guard, (request: IncomingMessage, response: ServerResponse) => {
      this.recorder.begin(response, request.method);
      if ((server as HttpServer).listenerCount(EXPECTATION) > 1) return;
      response.writeHead(417);
      response.end();
    });
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
