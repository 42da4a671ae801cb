import type { ModulesContainer } from '@nestjs/core';
import type { Observable, Subscription } from 'rxjs';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import type { Operation } from '../operations.js';
import { witnessExceptions } from './exception-witness.instrumentation.js';
import { transportName } from './pattern.js';
import { followReply, type ReplyEnd } from './reply.js';
import type { RpcRecorder } from './rpc-recorder.js';

/** What `@MessagePattern` and `@EventPattern` leave on a method. */
const HANDLER_METADATA = 'microservices:handler_type';

/** A handler as Nest registers it, with all that it has around the method: guards, pipes, filters, interceptors. */
interface RpcHandler {
  (this: unknown, ...args: unknown[]): unknown;
  /** The next handler of the same event, which this one calls. */
  next?: RpcHandler;
}

/**
 * Measures microservice handlers where Nest registers them with their server, of whatever transport and application:
 * a microservice of its own or one that is connected to an HTTP application. Requests over HTTP have no part in it.
 */
export class RpcInstrumentation {
  private readonly servers: Subscription | undefined;
  private readonly restore: (() => void)[] = [];
  /** The handlers that are measured, by what measures them. */
  private readonly inner = new WeakMap<RpcHandler, RpcHandler>();
  private recorder: RpcRecorder | undefined;

  /** @param makeRecorder called if the application has a microservice */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly guard: Guard,
    private readonly makeRecorder: () => RpcRecorder,
  ) {
    const servers = modules.getRpcTargetRegistry?.() as Observable<object> | undefined;
    this.servers = servers?.subscribe((server) => guard.run(() => this.measure(server)));
  }

  stop(): void {
    this.servers?.unsubscribe();
    for (const restore of this.restore.splice(0)) restore();
  }

  /** Nest announces a server when it has been made, before it gets any handler. */
  private measure(server: object): void {
    const recorder = (this.recorder ??= this.witnessedBy(this.makeRecorder()));
    const transport = transportName(server);
    this.restore.push(
      patchMethod(server, 'addHandler', this.guard, ([pattern, handler, ...more]) => ({
        args: [
          pattern,
          this.measured(handler as RpcHandler, recorder.operation(transport, recorder.patternOf(pattern))),
          ...more,
        ],
      })),
      patchMethod(server, 'getHandlerByPattern', this.guard, () => ({
        returned(handler) {
          if (!handler) recorder.countUnmatched(transport);
        },
      })),
    );
  }

  private measured(handler: RpcHandler, operation: Operation): RpcHandler {
    const { guard } = this;
    const measured: RpcHandler = copyMethodMetadata(handler, function (this: unknown, ...args: unknown[]) {
      const startedAt = guard.run(() => operation.start());
      const end: ReplyEnd = (outcome) => {
        if (startedAt !== undefined) operation.end(startedAt, outcome);
      };
      let reply: unknown;
      try {
        reply = Reflect.apply(handler, this, args);
      } catch (error) {
        guard.run(() => end('error', 'settling'));
        throw error;
      }
      return followReply(reply, end, guard);
    });
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
      witnessExceptions(this.modules, HANDLER_METADATA, this.guard, ({ name }) => {
        return (exception) => recorder.countError(name, exception);
      }),
    );
    return recorder;
  }
}
