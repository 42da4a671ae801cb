import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpAdapterHost } from '@nestjs/core';
import { listenTo } from '../../primitives/emitter-listener.js';
import { observeCallback, patchMethod, patchStart } from '../../primitives/method-patch.js';
import { rawResponse } from './raw-response.js';
import type { FastifyReplyLike } from './fastify-routes.js';
import type { RequestRecorder } from './request.recorder.js';

interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: unknown, reply: FastifyReplyLike, done: () => void) => void,
  ): void;
}

const EXPECTATION = 'checkExpectation';

/**
 * The instrumentation of HTTP requests, at two places below Nest.
 *
 * - The HTTP server sees requests that Node responds to itself, and requests that Fastify rejects before its hooks.
 * - The framework sees requests that do not come from that server: `inject()`, a second address of `localhost`, a
 *   server that the application creates itself, and an application in which this one is mounted.
 */
export class HttpInstrumentation {
  private readonly restore: (() => void)[] = [];
  private isHooked = false;

  /** Hooks the framework at once, before `main.ts` adds hooks or middleware of its own. */
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly recorder: RequestRecorder,
  ) {
    this.hookFramework();
  }

  /** Hooks the framework, since a testing module creates the providers before it has one. */
  install(): void {
    this.hookFramework();
  }

  /** Hooks the server, which receives no request before the application has started. */
  start(): void {
    const server: unknown = this.host.httpAdapter?.getHttpServer();
    if (typeof server === 'object' && server !== null) this.hookServer(server);
  }

  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
    this.recorder.release();
  }

  private hookServer(server: object): void {
    const { recorder } = this;
    const { guard } = recorder;
    this.restore.push(this.observeExpectations(server));
    // A second listener for `request`, as well as a diagnostics channel, would make each event dearer. A listener for
    // `clientError` would stop Node from responding to client errors. All listeners of a request run in its async context.
    this.restore.push(
      patchStart(server, 'emit', guard, (event, first, second) => {
        if (event === 'request') {
          return recorder.begin(second as ServerResponse, (first as IncomingMessage).method);
        }
        if (event === 'clientError') recorder.clientError(first as Error, second as Socket);
        else if (event === 'dropRequest') recorder.dropRequest(first as IncomingMessage);
        return undefined;
      }),
    );
  }

  /** Responds with 417 to an unknown expectation, as Node does without a listener for `checkExpectation`. */
  private observeExpectations(server: object): () => void {
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
    this.observeUnmatched(this.host.httpAdapter);
  }

  private hookFastify(fastify: FastifyLike): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      const { recorder } = this;
      recorder.beginReply(reply);
      const context = recorder.contextOf(reply.raw);
      if (context === undefined) done();
      else context.run(done);
    });
  }

  /** Patches `handle()`, because a layer of Express costs several times as much per request as the recorder. */
  private hookExpress(express: object): void {
    const { recorder } = this;
    recorder.routes.express.setApp(express);
    this.restore.push(
      patchStart(express, 'handle', recorder.guard, (request, response) =>
        recorder.beginWithin(response as ServerResponse, (request as IncomingMessage).method),
      ),
    );
  }

  /** Observes the handler that Nest registers for requests without a route. */
  private observeUnmatched(adapter: object): void {
    const { recorder } = this;
    const { guard } = recorder;
    const onUnmatched = (args: readonly unknown[]): void => recorder.markUnmatched(rawResponse(args[1]));
    this.restore.push(
      patchMethod(adapter, 'setNotFoundHandler', guard, ([handler, ...more]) => ({
        args: [observeCallback(handler, guard, onUnmatched), ...more],
      })),
    );
  }
}

function isFastify(framework: unknown): framework is FastifyLike {
  return typeof framework === 'object' && framework !== null && 'addHook' in framework;
}

function isExpress(framework: unknown): framework is object {
  return typeof framework === 'function' && 'handle' in framework && typeof framework.handle === 'function';
}
