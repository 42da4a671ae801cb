import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of the Redis connection of BullMQ. */
export interface BullMqRedis {
  readonly status?: string;
  ping?(): Promise<unknown>;
  info(): Promise<unknown>;
}

/** The used part that a `Queue` and a `Worker` of BullMQ share. */
export interface BullMqBase {
  readonly name: string;
  /** Up to BullMQ 5. */
  readonly client?: Promise<BullMqRedis>;
  /** From BullMQ 6. */
  getBackend?(): { readonly client?: Promise<BullMqRedis>; waitUntilReady(): Promise<unknown> };
}

/** The used part of a `Queue` of BullMQ. */
export interface BullMqQueue extends BullMqBase {
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
}

/** The used part of a `Job` of BullMQ. */
export interface BullMqJob {
  readonly name: string;
  /** Time at which the job was added, in milliseconds since the epoch. */
  readonly timestamp: number;
  readonly opts?: { readonly delay?: number };
  readonly attemptsMade: number;
  /** Number of started attempts, including the current one. From BullMQ 5. */
  readonly attemptsStarted?: number;
  /** Time at which this attempt began, in milliseconds since the epoch. */
  readonly processedOn?: number;
  /** Time at which the last attempt ended, in milliseconds since the epoch. */
  readonly finishedOn?: number;
}

/** The used part of a `Worker` of BullMQ. */
export interface BullMqWorker extends BullMqBase {
  isRunning(): boolean;
  isPaused(): boolean;
  /** Runs one attempt of a job. */
  callProcessJob?(job: BullMqJob, ...rest: unknown[]): unknown;
}

/** The used part of the `BullRegistrar` of `@nestjs/bullmq`, which creates the workers of `@Processor()` classes. */
interface BullRegistrar {
  register(): unknown;
}

/** The query of {@link findBullMqQueues}. */
export const BULLMQ_QUEUES: ObjectQuery<BullMqQueue> = {
  marks: ['getJobCounts'],
  is: isQueue,
  nameOf: ({ name }) => name,
};

/** Returns the queues of the application, under their names. */
export function findBullMqQueues(objects: ApplicationObjects): ObjectMatch<BullMqQueue>[] {
  return objects.find(BULLMQ_QUEUES);
}

/** The query of {@link findBullMqWorkers}. */
export const BULLMQ_WORKERS: ObjectQuery<BullMqWorker> = {
  marks: ['processJob', 'workers'],
  is: isWorker,
  within: workersOf,
  nameOf: ({ name }) => name,
};

/** Returns the workers of the application, including those of `@Processor()` classes, under the names of their queues. */
export function findBullMqWorkers(objects: ApplicationObjects): ObjectMatch<BullMqWorker>[] {
  return objects.find(BULLMQ_WORKERS);
}

/** The query of {@link findBullRegistrars}. */
export const BULL_REGISTRARS: ObjectQuery<BullRegistrar> = { marks: ['getModuleExtras'], is: isRegistrar };

/** Returns the registrars of the application. */
export function findBullRegistrars(objects: ApplicationObjects): ObjectMatch<BullRegistrar>[] {
  return objects.find(BULL_REGISTRARS);
}

/** Returns the workers of request-scoped `@Processor()` classes, which only the explorer of `@nestjs/bullmq` has. */
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

function isRegistrar(candidate: object): candidate is BullRegistrar {
  return (
    hasMethods(candidate, 'register', 'getModuleExtras') && candidate.constructor.name === 'BullRegistrar'
  );
}
