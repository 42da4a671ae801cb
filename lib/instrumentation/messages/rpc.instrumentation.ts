import type { ModulesContainer } from '@nestjs/core';
import type { Observable, Subscription } from 'rxjs';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { observeExceptions } from './exception-observer.instrumentation.js';
import { type MeasuredOperation, measuredHandler } from './measured-handler.js';
import { transportName } from './message-pattern.js';
import type { RpcRecorder } from './rpc.recorder.js';

/** The metadata key that `@MessagePattern()` and `@EventPattern()` set on a method. */
const HANDLER_METADATA = 'microservices:handler_type';

/** A handler as Nest registers it: the method with its guards, pipes, interceptors and filters. */
interface RpcHandler {
  (this: unknown, ...args: unknown[]): unknown;
  /** The next handler of the same event, which this handler calls. */
  next?: RpcHandler;
}

/**
 * The instrumentation of microservice handlers, on every transport. It wraps each handler when Nest registers it with
 * its server, both in a standalone microservice and in one that is connected to an HTTP application.
 */
export class RpcInstrumentation {
  private readonly servers: Subscription | undefined;
  private readonly restore: (() => void)[] = [];
  /** The original of each measured handler. */
  private readonly originals = new WeakMap<RpcHandler, RpcHandler>();
  private recorder: RpcRecorder | undefined;

  /** @param createRecorder called once, if the application has a microservice */
  constructor(
    private readonly modules: ModulesContainer,
    private readonly guard: Guard,
    private readonly createRecorder: () => RpcRecorder,
  ) {
    const servers = modules.getRpcTargetRegistry?.() as Observable<object> | undefined;
    this.servers = servers?.subscribe((server) => guard.run(() => this.measure(server)));
  }

  stop(): void {
    this.servers?.unsubscribe();
    for (const restore of this.restore.splice(0)) restore();
  }

  /** Patches a server. Nest announces it after its creation and before it has any handler. */
  private measure(server: object): void {
    const recorder = (this.recorder ??= this.observeExceptionsBy(this.createRecorder()));
    const transport = transportName(server);
    this.restore.push(
      patchMethod(server, 'addHandler', this.guard, ([pattern, handler, ...more]) => ({
        args: [
          pattern,
          this.measureHandler(
            handler as RpcHandler,
            recorder.operation(transport, recorder.patternOf(pattern)),
          ),
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

  private measureHandler(handler: RpcHandler, operation: MeasuredOperation): RpcHandler {
    const measured = measuredHandler(handler, operation, this.guard);
    // An event with several handlers counts once: the first handler calls the others, unmeasured.
    let next: RpcHandler | undefined;
    Object.defineProperty(measured, 'next', {
      get: () => next,
      set: (value: RpcHandler) => {
        next = value;
        handler.next = this.originals.get(value) ?? value;
      },
    });
    this.originals.set(measured, handler);
    return measured;
  }

  private observeExceptionsBy(recorder: RpcRecorder): RpcRecorder {
    this.restore.push(
      observeExceptions(this.modules, HANDLER_METADATA, this.guard, ({ name }) => {
        return (exception) => recorder.countError(name, exception);
      }),
    );
    return recorder;
  }
}
