import { abandonOnAbort } from '../abandoned-work.js';
import { asOwnCall } from '../own-calls.js';
import type { BullMqQueue } from './bullmq.discovery.js';
import { readyClient } from './bullmq.ping.js';

/** The used part of a job that failed. */
interface StoredJob {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly attemptsMade?: unknown;
  readonly failedReason?: unknown;
  readonly stacktrace?: unknown;
  readonly timestamp?: unknown;
  readonly finishedOn?: unknown;
  isFailed(): Promise<boolean>;
  retry(state: 'failed'): Promise<void>;
}

/** The used part of a queue whose jobs failed. */
interface FailedJobsQueue extends BullMqQueue {
  getFailed?(start: number, end: number): Promise<readonly (StoredJob | undefined)[]>;
  getFailedCount?(): Promise<number>;
  getJob?(id: string): Promise<StoredJob | undefined>;
  retryJobs?(options: { state: 'failed'; count: number; timestamp: number }): Promise<void>;
}

/** A job that failed, as its queue has stored it. Its data are not read out: they may be personal. */
export interface FailedJob {
  readonly id: string;
  readonly name: string;
  readonly attempts: number;
  readonly reason: string;
  /** The stack of the last attempt, innermost frame first; empty if it is unknown. */
  readonly stack: readonly string[];
  /** Time of the failure, in milliseconds since the Unix epoch. */
  readonly failedAt?: number;
}

/** The jobs of a queue that failed: the latest, and the number of all. */
export interface FailedJobs {
  readonly jobs: readonly FailedJob[];
  readonly total: number;
}

/** The outcome of a request to run a job again. */
export type RetryOutcome = 'retried' | 'unknown' | 'not failed';

/** The number of jobs that one step of {@link retryFailedJobs} moves. */
const JOBS_PER_STEP = 100;

/** Returns the latest jobs that failed. Rejects if Redis does not answer. */
export function findFailedJobs(queue: BullMqQueue, limit: number, signal: AbortSignal): Promise<FailedJobs> {
  const found: FailedJobsQueue = queue;
  return asked(found, signal, async () => {
    const jobs = (await found.getFailed?.(0, limit - 1)) ?? [];
    const total = (await found.getFailedCount?.()) ?? jobs.length;
    return { jobs: jobs.flatMap((job) => (job === undefined ? [] : [failedJobOf(job)])), total };
  });
}

/** Lets a job that failed run again. */
export function retryFailedJob(queue: BullMqQueue, id: string, signal: AbortSignal): Promise<RetryOutcome> {
  const found: FailedJobsQueue = queue;
  return asked(found, signal, async () => {
    const job = await found.getJob?.(id);
    if (job === undefined) return 'unknown';
    if (!(await job.isFailed())) return 'not failed';
    await job.retry('failed');
    return 'retried';
  });
}

/** Lets the jobs run again that have failed up to a time, in milliseconds since the Unix epoch. */
export function retryFailedJobs(queue: BullMqQueue, until: number, signal: AbortSignal): Promise<void> {
  const found: FailedJobsQueue = queue;
  return asked(found, signal, async () => {
    if (found.retryJobs === undefined) throw new Error('this version of BullMQ cannot retry all jobs');
    await found.retryJobs({ state: 'failed', count: JOBS_PER_STEP, timestamp: until });
  });
}

function asked<T>(queue: BullMqQueue, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return abandonOnAbort(
    asOwnCall(async () => {
      await readyClient(queue);
      return work();
    }),
    signal,
  );
}

function failedJobOf({ id, name, attemptsMade, failedReason, stacktrace, finishedOn }: StoredJob): FailedJob {
  const last: unknown = Array.isArray(stacktrace) ? stacktrace.at(-1) : undefined;
  return {
    id: String(id),
    name: String(name),
    attempts: Number(attemptsMade) || 0,
    reason: typeof failedReason === 'string' ? failedReason : '',
    stack: typeof last === 'string' ? framesOf(last) : [],
    ...(typeof finishedOn === 'number' && { failedAt: finishedOn }),
  };
}

/** The longest part of a stack that is read, in characters. */
const MAX_STACK = 8_000;

function framesOf(stack: string): string[] {
  return stack
    .slice(0, MAX_STACK)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .map((line) => line.slice('at '.length));
}
