import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of the connection that BullMQ has to Redis. */
interface BullMqRedis {
  readonly status?: string;
  ping?(): Promise<unknown>;
  info(): Promise<unknown>;
}

interface BullMqBase {
  readonly name: string;
  /** Up to BullMQ 5. */
  readonly client?: Promise<BullMqRedis>;
  /** From BullMQ 6. */
  getBackend?(): { readonly client?: Promise<BullMqRedis>; waitUntilReady(): Promise<unknown> };
}

/** What is used of a `Queue` of BullMQ. */
export interface BullMqQueue extends BullMqBase {
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
}

/** What is used of a `Worker` of BullMQ. */
export interface BullMqWorker extends BullMqBase {
  isRunning(): boolean;
  isPaused(): boolean;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
}

/** The queues of the application, under their names. */
export function findBullMqQueues(objects: ApplicationObjects): Found<BullMqQueue>[] {
  return objects.find({ is: isQueue, nameOf: ({ name }) => name });
}

/** The workers of the application, also those of its `@Processor()`s, under the names of their queues. */
export function findBullMqWorkers(objects: ApplicationObjects): Found<BullMqWorker>[] {
  return objects.find({ is: isWorker, nameOf: ({ name }) => name });
}

/** Whether the Redis of a queue or a worker answers; rejects if not. */
export async function pingBullMq(queue: BullMqBase, signal: AbortSignal): Promise<void> {
  await untilAborted(sendPing(queue), signal);
}

async function sendPing(queue: BullMqBase): Promise<void> {
  const backend = queue.getBackend?.();
  const client = await (backend === undefined ? queue.client : backend.client);
  if (client === undefined) {
    // BullMQ on something else than Redis.
    await backend?.waitUntilReady();
    return;
  }
  // A command would only wait for the connection, in a queue.
  if (client.status !== undefined && client.status !== 'ready') {
    throw new Error(`the connection is not ready (${client.status})`);
  }
  await (client.ping?.() ?? client.info());
}

function isQueue(candidate: object): candidate is BullMqQueue {
  return hasMethods(candidate, 'getJobCounts', 'addBulk', 'waitUntilReady') && 'keys' in candidate;
}

function isWorker(candidate: object): candidate is BullMqWorker {
  return hasMethods(candidate, 'isRunning', 'processJob', 'waitUntilReady', 'isPaused');
}
