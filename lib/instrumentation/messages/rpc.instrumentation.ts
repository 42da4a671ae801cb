import type { OnApplicationShutdown } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Observable, Subscription } from 'rxjs';
import type { Operation } from '../operations.js';
import { replaceMethod } from '../method-replacement.js';
import { witnessExceptions } from './exception-witness.instrumentation.js';
import { patternText, transportName } from './pattern.js';
import { followReply } from './reply.js';
import type { RpcRecorder } from './rpc-recorder.js';

/** What `@MessagePattern` and `@EventPattern` leave on a method. */
const HANDLER_METADATA = 'microservices:handler_type';

/** A handler as Nest registers it, with all that it has around the method: guards, pipes, filters, interceptors. */
interface RpcHandler {
  (this: unknown, ...args: unknown[]): unknown;
  /** The next handler of the same event, which this one calls. */
  next?: RpcHandler;
}

type AddHandler = (this: unknown, pattern: unknown, handler: RpcHandler, ...more: unknown[]) => unknown;
type FindHandler = (this: unknown, pattern: string) => unknown;

/**
 * Measures microservice handlers where Nest registers them with their server, of whatever transport and application:
 * a microservice of its own or one that is connected to an HTTP application. Requests over HTTP have no part in it.
 */
export class RpcInstrumentation implements OnApplicationShutdown {
  private readonly servers: Subscription | undefined;
  private readonly restore: (() => void)[] = [];
  /** The handlers that are measured, by what measures them. */
  private readonly inner = new WeakMap<RpcHandler, RpcHandler>();
  private recorder: RpcRecorder | undefined;

  /** @param makeRecorder called if the application has a microservice */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly makeRecorder: () => RpcRecorder,
  ) {
    const servers = modules.getRpcTargetRegistry?.() as Observable<object> | undefined;
    this.servers = servers?.subscribe((server) => this.measure(server));
  }

  onApplicationShutdown(): void {
    this.servers?.unsubscribe();
    for (const restore of this.restore.splice(0)) restore();
  }

  /** Nest tells of a server when it has been made, before it gets any handler. */
  private measure(server: object): void {
    const recorder = (this.recorder ??= this.witnessedBy(this.makeRecorder()));
    const transport = transportName(server);
    this.restore.push(
      replaceMethod<AddHandler>(server, 'addHandler', (original) => {
        const measured = (pattern: unknown, handler: RpcHandler): RpcHandler =>
          this.measured(handler, recorder.operation(transport, patternText(pattern)));
        return function (pattern, handler, ...more) {
          return Reflect.apply(original, this, [pattern, measured(pattern, handler), ...more]);
        };
      }),
      replaceMethod<FindHandler>(server, 'getHandlerByPattern', (original) => {
        return function (pattern) {
          const handler = Reflect.apply(original, this, [pattern]);
          if (!handler) recorder.countUnmatched(transport);
          return handler;
        };
      }),
    );
  }

  private measured(handler: RpcHandler, operation: Operation): RpcHandler {
    const measured: RpcHandler = function (...args) {
      const startedAt = operation.start();
      let reply: unknown;
      try {
        reply = Reflect.apply(handler, this, args);
      } catch (error) {
        operation.end(startedAt, 'error');
        throw error;
      }
      return followReply(reply, (outcome) => operation.end(startedAt, outcome));
    };
    // An event that several handlers are for is one event: the first calls the others, which are not measured then.
    let next: RpcHandler | undefined;
    Object.defineProperty(measured, 'next', {
      get: () => next,
      set: (value: RpcHandler) => {
        next = value;
        handler.next = this.inner.get(value) ?? value;
      },
    });
    this.inner.set(measured, handler);
    return measured;
  }

  private witnessedBy(recorder: RpcRecorder): RpcRecorder {
    this.restore.push(
      witnessExceptions(
        this.modules,
        HANDLER_METADATA,
        ({ handler }) =>
          (exception) =>
            recorder.countError(handler, exception),
      ),
    );
    return recorder;
  }
}
