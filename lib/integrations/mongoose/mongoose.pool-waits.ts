import { listenTo } from '../../primitives/emitter-listener.js';
import type { OperationWait } from '../operation-waits.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import { stopAll } from '../stop-all.js';

/** Number of callers in the queue of one pool that are tracked. */
const MAX_WAITING = 10_000;
/** Number of pools, one for each server of the deployment. */
const MAX_POOLS = 100;
/** The driver reports durations in whole milliseconds. */
const PRECISION_MS = 1.5;

/** A caller that waits for a connection. */
interface Waiting {
  /** On the monotonic clock, in milliseconds. */
  readonly startedAt: number;
  readonly wait: OperationWait | undefined;
}

/** An event of the pool of one server. */
interface PoolEvent {
  /** Host and port of the server. */
  readonly address: string;
}

interface CheckOutEnded extends PoolEvent {
  /** Milliseconds since the caller began to wait; undefined in drivers before 6.9. */
  readonly durationMS?: number;
}

/**
 * Records the waits of operations for a connection of a client of MongoDB. The driver serves callers in the order in which
 * they came. It emits the event of the start of a wait in the async context of the caller; that of the end does not name
 * the caller.
 *
 * @param client a `MongoClient`
 * @returns a function that stops the watch
 */
export function watchMongoPoolWaits(client: object, queries: QueryRecorder): () => void {
  const { guard, operations } = queries;
  if (operations === undefined) return () => undefined;
  const queues = new Map<string, Waiting[]>();

  const begin = ({ address }: PoolEvent): void => {
    let queue = queues.get(address);
    if (queue === undefined) {
      if (queues.size >= MAX_POOLS) return;
      queue = [];
      queues.set(address, queue);
    }
    // The end of the oldest one has been missed.
    if (queue.length >= MAX_WAITING) leave(queue.splice(0, 1));
    queue.push({ startedAt: queries.now(), wait: operations.begin('pool') });
  };
  const positionOf = (queue: readonly Waiting[], durationMs: number | undefined): number => {
    if (durationMs === undefined) return 0;
    const earliest = queries.now() - durationMs - PRECISION_MS;
    return queue.findIndex(({ startedAt }) => startedAt >= earliest);
  };
  const checkedOut = ({ address, durationMS }: CheckOutEnded): void => {
    const queue = queues.get(address) ?? [];
    // The callers before it have given up.
    leave(queue.splice(0, positionOf(queue, durationMS) + 1));
  };
  const failed = ({ address, durationMS }: CheckOutEnded): void => {
    const queue = queues.get(address) ?? [];
    const position = positionOf(queue, durationMS);
    if (position >= 0) leave(queue.splice(position, 1));
  };

  return stopAll([
    listenTo(client, 'connectionCheckOutStarted', guard, begin),
    listenTo(client, 'connectionCheckedOut', guard, checkedOut),
    listenTo(client, 'connectionCheckOutFailed', guard, failed),
    () => {
      for (const queue of queues.values()) leave(queue.splice(0));
    },
  ]);
}

function leave(waiting: readonly Waiting[]): void {
  for (const { wait } of waiting) wait?.end(undefined, false);
}
