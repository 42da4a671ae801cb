import type { Guard } from '../../primitives/guard.js';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import type { Operation, OperationMetrics } from '../operation-metrics.js';
import type { OperationIdentity } from '../requests/operation-identity.js';
import { OperationRun } from '../requests/operation-run.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import { type ReplyEnd, type ReplyKind, trackReply } from './track-reply.js';

/** Differences between the transports of a {@link measuredHandler}. */
export interface HandlerOptions {
  /** Returns the outcome to record for a reply that has ended. @default the outcome itself */
  readonly outcomeOf?: (outcome: CallOutcome, kind: ReplyKind) => CallOutcome;
  /** Returns false if the client of the handler has disconnected. @default true */
  readonly isConnected?: () => boolean;
}

/** A message handler as it is measured. */
export interface MeasuredOperation {
  readonly metrics: Operation;
  /** Begins the record of a run; undefined if none is recorded. */
  readonly begin: (() => OperationRun) | undefined;
}

/**
 * Returns the operation of the messages with some labels.
 *
 * @param identity its metrics, and its labels as a name
 */
export function messageOperation<L extends string>(
  operations: OperationMetrics<L>,
  labels: Readonly<Record<L, string>>,
  { name, metrics }: { readonly name: string; readonly metrics: 'rpc' | 'websocket' },
  records: OperationRecorder | undefined,
): MeasuredOperation {
  const identity: OperationIdentity = { kind: 'message', name, metrics: { name: metrics, labels } };
  return {
    metrics: operations.operation(labels),
    begin: records && (() => OperationRun.begin(records, identity)),
  };
}

/** Returns the measured form of a message handler. Each call is one run of the operation, until its reply ends. */
export function measuredHandler<T extends AnyMethod>(
  handler: T,
  { metrics, begin }: MeasuredOperation,
  guard: Guard,
  { outcomeOf, isConnected }: HandlerOptions = {},
): T {
  return copyMethodMetadata(handler, function (this: unknown, ...args: unknown[]) {
    const startedAt = guard.run(() => metrics.start());
    const run = startedAt === undefined || begin === undefined ? undefined : guard.run(begin);
    const end: ReplyEnd = (given, kind) => {
      if (startedAt === undefined) return;
      const outcome = outcomeOf === undefined ? given : outcomeOf(given, kind);
      metrics.end(startedAt, outcome);
      run?.end(outcome === 'error');
    };
    let reply: unknown;
    try {
      const call = (): unknown => Reflect.apply(handler, this, args);
      reply = run === undefined ? call() : run.run(call);
    } catch (error) {
      guard.run(() => end('error', 'settling'));
      throw error;
    }
    return trackReply(reply, end, guard, isConnected, run);
  } as T);
}
