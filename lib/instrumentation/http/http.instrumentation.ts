import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReplyLike } from './route.js';
import type { RequestRecorder } from './request-recorder.js';

interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: unknown, reply: FastifyReplyLike, done: () => void) => void,
  ): void;
}

type Handle = (request: IncomingMessage, response: ServerResponse, done?: unknown) => void;

interface ExpressLike {
  handle: Handle;
}

/**
 * Makes every request of the application known to the recorder, below all of Nest: on the raw server, which alone
 * sees what Fastify refuses before it runs any hook, and where the framework takes a request over, which also sees
 * what does not come by that server (`inject()`, a second address of `localhost`, a server of the user's own).
 */
@Injectable()
export class HttpInstrumentation implements OnModuleInit, OnApplicationShutdown {
  private server: Server | undefined;
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
    this.server = this.host.httpAdapter?.getHttpServer() as Server | undefined;
    this.server?.prependListener?.('request', this.onRequest);
  }

  onApplicationShutdown(): void {
    this.server?.removeListener?.('request', this.onRequest);
  }

  private hookFramework(): void {
    const framework: unknown = this.host.httpAdapter?.getInstance();
    if (this.isHooked || !framework) return;
    this.isHooked = true;
    if (isFastify(framework)) this.hookFastify(framework);
    else if (isExpress(framework)) this.hookExpress(framework);
  }

  private hookFastify(fastify: FastifyLike): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      this.recorder.beginReply(reply);
      done();
    });
  }

  /** Not by a layer, which would cost each request several times what the recorder does. */
  private hookExpress(express: ExpressLike): void {
    const { handle } = express;
    const { recorder } = this;
    express.handle = function (this: unknown, request, response, done) {
      recorder.begin(response, request.method);
      handle.call(this, request, response, done);
    };
  }

  private readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.recorder.begin(response, request.method);
  };
}

function isFastify(framework: unknown): framework is FastifyLike {
  return typeof framework === 'object' && framework !== null && 'addHook' in framework;
}

function isExpress(framework: unknown): framework is ExpressLike {
  return typeof framework === 'function' && 'handle' in framework && typeof framework.handle === 'function';
}
