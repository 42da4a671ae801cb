import type { ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import type { Guard } from '../../primitives/guard.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';
import type { ServerErrorRecorder } from './server-error.recorder.js';

/** The part of Nest's handler of exceptions that is used. */
interface HandlerLike {
  readonly applicationRef?: unknown;
}

/**
 * Sees the exceptions of HTTP requests where Nest hands them to its filters: whoever throws them, whichever filter
 * answers, and at no cost where none is thrown. Nest makes a handler for each route, out of reach: what is patched is
 * their class.
 */
@Injectable()
export class ExceptionsInstrumentation implements OnModuleInit, OnApplicationShutdown {
  private leave: (() => void) | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly guard: Guard,
    private readonly recorder: ServerErrorRecorder,
  ) {}

  onModuleInit(): void {
    this.begin();
  }

  onApplicationShutdown(): void {
    this.end();
  }

  begin(): void {
    const adapter: unknown = this.host.httpAdapter;
    if (!adapter) return;
    this.leave = patchSharedMethod(ExceptionsHandler.prototype, 'next', this.guard, (args, handler) => {
      const [exception, host] = args as [unknown, ArgumentsHost];
      if ((handler as HandlerLike).applicationRef === adapter) {
        this.recorder.note(rawResponse(host), exception);
      }
      return undefined;
    });
  }

  end(): void {
    this.leave?.();
  }
}

/** The response of Node under that of the framework. */
function rawResponse(host: ArgumentsHost): ServerResponse {
  const response: ServerResponse & { readonly raw?: ServerResponse } = host.switchToHttp().getResponse();
  return response.raw ?? response;
}
