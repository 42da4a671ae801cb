import type { ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import type { ServerErrorRecorder } from './server-error.recorder.js';

type Watcher = (exception: unknown, host: ArgumentsHost) => void;

/** What Nest calls with each exception of an HTTP request, before the filters. */
type Next = (this: HandlerLike, exception: unknown, host: ArgumentsHost) => unknown;

interface HandlerLike {
  readonly applicationRef?: unknown;
  next: Next & { readonly [WATCHED]?: Watched };
}

interface Watched {
  readonly original: Next;
  /** Who watches, by the HTTP adapter of the application. */
  readonly watchers: Map<unknown, Watcher>;
}

const WATCHED = Symbol('monitoring.watched');

/**
 * Sees the exceptions of HTTP requests where Nest hands them to its filters: whoever throws them, whichever filter
 * answers, and at no cost where none is thrown.
 */
@Injectable()
export class ExceptionsInstrumentation implements OnModuleInit, OnApplicationShutdown {
  private leave: (() => void) | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly recorder: ServerErrorRecorder,
  ) {}

  onModuleInit(): void {
    const adapter: unknown = this.host.httpAdapter;
    if (!adapter) return;
    this.leave = watchExceptions(adapter, (exception, host) =>
      this.recorder.note(rawResponse(host), exception),
    );
  }

  onApplicationShutdown(): void {
    this.leave?.();
  }
}

/**
 * Nest makes an `ExceptionsHandler` of each route, out of reach: what is watched is the class, for each application
 * apart. With the last one that watches, it is as it was.
 */
function watchExceptions(adapter: unknown, watcher: Watcher): () => void {
  const home = ExceptionsHandler.prototype as unknown as HandlerLike;
  if (home.next[WATCHED] === undefined) home.next = watched(home.next);
  const { next } = home;
  const { original, watchers } = next[WATCHED]!;
  watchers.set(adapter, watcher);
  return () => {
    watchers.delete(adapter);
    if (watchers.size === 0 && home.next === next) home.next = original;
  };
}

function watched(original: Next): HandlerLike['next'] {
  const watchers: Watched['watchers'] = new Map();
  const next: Next = function (exception, host) {
    try {
      watchers.get(this.applicationRef)?.(exception, host);
    } catch {
      // Whatever it was that was thrown, it has to be answered.
    }
    return original.call(this, exception, host);
  };
  return Object.assign(next, { [WATCHED]: { original, watchers } });
}

/** The response of Node under that of the framework. */
function rawResponse(host: ArgumentsHost): ServerResponse {
  const response: ServerResponse & { readonly raw?: ServerResponse } = host.switchToHttp().getResponse();
  return response.raw ?? response;
}
