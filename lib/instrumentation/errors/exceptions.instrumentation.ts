import { type ArgumentsHost } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import type { Guard } from '../../primitives/guard.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';
import { rawResponse } from '../http/raw-response.js';
import type { ServerErrorRecorder } from './server-error.recorder.js';

/** The part of Nest's `ExceptionsHandler` that is used. */
interface HandlerLike {
  readonly applicationRef?: unknown;
}

/**
 * The instrumentation of exceptions of HTTP requests, for every thrower and every exception filter.
 *
 * It patches the class `ExceptionsHandler`, because Nest creates a handler for each route and exposes none of them. A
 * request without an exception has no cost.
 */
export class ExceptionsInstrumentation {
  private restore: (() => void) | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly guard: Guard,
    private readonly recorder: ServerErrorRecorder,
  ) {}

  /** Starts observing exceptions. */
  start(): void {
    const adapter: unknown = this.host.httpAdapter;
    if (!adapter) return;
    this.restore = patchSharedMethod(ExceptionsHandler.prototype, 'next', this.guard, (args, handler) => {
      const [exception, host] = args as [unknown, ArgumentsHost];
      if ((handler as HandlerLike).applicationRef === adapter) {
        this.recorder.recordException(rawResponse(host.switchToHttp().getResponse()), exception);
      }
      return undefined;
    });
  }

  /** Stops observing exceptions. */
  stop(): void {
    this.restore?.();
  }
}
