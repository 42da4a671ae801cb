import type { Guard } from '../../primitives/guard.js';
import { type CallObserver, type CallScope, patchMethod } from '../../primitives/method-patch.js';
import { type OperationWait, type OperationWaits, WaitedCalls } from '../operation-waits.js';
import { stopAll } from '../stop-all.js';
import type { BullMqQueue } from './bullmq.discovery.js';

/** The methods of a queue that send jobs. */
const METHODS = ['add', 'addBulk'] as const;

/**
 * Lets operations wait for the jobs that they send to a queue, as one wait for each call: the commands to Redis within it,
 * by whichever client, are parts of it.
 *
 * @returns a function that stops the watch
 */
export function watchBullMqSends(queue: BullMqQueue, operations: OperationWaits, guard: Guard): () => void {
  const calls = new WaitedCalls('cache', 'bullmq');
  const scope = { run: <R>(work: () => R): R => operations.leave(work) };
  return stopAll(
    METHODS.map((method) => {
      const call = calls.of(`${method} ${queue.name}`);
      return patchMethod(queue, method, guard, () => {
        const wait = operations.begin('cache', call);
        return wait && new Send(wait, scope);
      });
    }),
  );
}

/** An observer of one call that sends jobs. */
class Send implements CallObserver {
  constructor(
    private readonly wait: OperationWait,
    readonly scope: CallScope,
  ) {}

  fulfilled(): void {
    this.wait.end(undefined, false);
  }

  rejected(): void {
    this.wait.end(undefined, true);
  }

  threw(): void {
    this.rejected();
  }
}
