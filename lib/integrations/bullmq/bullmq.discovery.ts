import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { asOwnCall } from '../own-calls.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** The part that is used of the connection that BullMQ has to Redis. */
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

/** The part of a `Queue` of BullMQ that is used. */
export interface BullMqQueue extends BullMqBase {
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
}

/** The part of a `Job` of BullMQ that is used. */
export interface BullMqJob {
  readonly name: string;
  /** When it was added, in milliseconds. */
  readonly timestamp: number;
  readonly opts?: { readonly delay?: number };
  readonly attemptsMade: number;
  /** From BullMQ 5 on; this one counts. */
  readonly attemptsStarted?: number;
  /** When this attempt began, in milliseconds. */
  readonly processedOn?: number;
  /** When the last attempt ended, in milliseconds. */
  readonly finishedOn?: number;
}

/** The part of a `Worker` of BullMQ that is used. */
export interface BullMqWorker extends BullMqBase {
  isRunning(): boolean;
  isPaused(): boolean;
  /** Runs an attempt of a job. */
  callProcessJob?(job: BullMqJob, ...rest: unknown[]): unknown;
}

/** The errors by which a processor puts its job off, instead of failing it. */
const DEFERRALS: ReadonlySet<string> = new Set(['DelayedError', 'WaitingError', 'WaitingChildrenError']);
/** The message of the `RateLimitError` by which it does so until the queue may go on. */
const RATE_LIMIT = 'bullmq:rateLimitExceeded';

/** Returns whether an attempt that ends with this error has put its job off, as BullMQ decides it. */
export function isDeferral(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.message === RATE_LIMIT || DEFERRALS.has(error.name)) return true;
  for (
    let type: unknown = error.constructor;
    typeof type === 'function';
    type = Object.getPrototypeOf(type)
  ) {
    if (DEFERRALS.has(type.name)) return true;
  }
  return false;
}

/** Returns the queues of the application, under their names. */
export function findBullMqQueues(objects: ApplicationObjects): Found<BullMqQueue>[] {
  return objects.find({ is: isQueue, nameOf: ({ name }) => name });
}

/** Returns the workers of the application, also those of its `@Processor()`s, under the names of their queues. */
export function findBullMqWorkers(objects: ApplicationObjects): Found<BullMqWorker>[] {
  return objects.find({ is: isWorker, within: workersOf, nameOf: ({ name }) => name });
}

/** Pings the Redis of a queue or a worker; rejects if it does not answer. */
export async function pingBullMq(queue: BullMqBase, signal: AbortSignal): Promise<void> {
  await untilAborted(
    asOwnCall(() => sendPing(queue)),
    signal,
  );
}

/** Returns the number of jobs of a queue in each state; rejects if its Redis does not answer. */
export async function countBullMqJobs(
  queue: BullMqQueue,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  return untilAborted(
    asOwnCall(async () => {
      await readyClient(queue);
      return queue.getJobCounts();
    }),
    signal,
  );
}

async function sendPing(queue: BullMqBase): Promise<void> {
  const client = await readyClient(queue);
  await (client?.ping?.() ?? client?.info());
}

/** Returns the connection, if it can be used now; undefined if BullMQ is on something else than Redis, which can. */
async function readyClient(queue: BullMqBase): Promise<BullMqRedis | undefined> {
  const backend = queue.getBackend?.();
  const client = await (backend === undefined ? queue.client : backend.client);
  if (client === undefined) await backend?.waitUntilReady();
  // A command would only wait for the connection, in a queue.
  else if (client.status !== undefined && client.status !== 'ready') {
    throw new Error(`the connection is not ready (${client.status})`);
  }
  return client;
}

/** The worker of a `@Processor()` that is made for each request is only in the explorer of `@nestjs/bullmq`. */
function workersOf(candidate: object): readonly unknown[] {
  const { workers } = candidate as { readonly workers?: unknown };
  return candidate.constructor.name === 'BullExplorer' && Array.isArray(workers) ? workers : [];
}

function isQueue(candidate: object): candidate is BullMqQueue {
  return hasMethods(candidate, 'getJobCounts', 'addBulk', 'waitUntilReady') && 'keys' in candidate;
}

function isWorker(candidate: object): candidate is BullMqWorker {
  return hasMethods(candidate, 'isRunning', 'processJob', 'waitUntilReady', 'isPaused');
}
