import type { Guard } from '../../primitives/guard.js';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import type { Operation } from '../operation-metrics.js';
import { type ReplyEnd, type ReplyKind, trackReply } from './track-reply.js';

/** Differences between the transports of a {@link measuredHandler}. */
export interface HandlerOptions {
  /** Returns the outcome to record for a reply that has ended. @default the outcome itself */
  readonly outcomeOf?: (outcome: CallOutcome, kind: ReplyKind) => CallOutcome;
  /** Returns false if the client of the handler has disconnected. @default true */
  readonly isConnected?: () => boolean;
}

/** Returns the measured form of a message handler. Each call is one run of the operation, until its reply ends. */
export function measuredHandler<T extends AnyMethod>(
  handler: T,
  operation: Operation,
  guard: Guard,
  { outcomeOf, isConnected }: HandlerOptions = {},
): T {
  return copyMethodMetadata(handler, function (this: unknown, ...args: unknown[]) {
    const startedAt = guard.run(() => operation.start());
    const end: ReplyEnd = (outcome, kind) => {
      if (startedAt === undefined) return;
      operation.end(startedAt, outcomeOf === undefined ? outcome : outcomeOf(outcome, kind));
    };
    let reply: unknown;
    try {
      reply = Reflect.apply(handler, this, args);
    } catch (error) {
      guard.run(() => end('error', 'settling'));
      throw error;
    }
    return trackReply(reply, end, guard, isConnected);
  } as T);
}
