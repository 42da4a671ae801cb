import cluster from 'node:cluster';
import { threadId } from 'node:worker_threads';

/** Returns the id that the workers of an application share by default. */
export function defaultClusterId(environment: NodeJS.ProcessEnv = process.env): string {
  // PM2 is the parent of every application that it starts, hence the name.
  if (environment['NODE_APP_INSTANCE'] !== undefined)
    return `pm2 ${process.ppid} ${environment['name'] ?? ''}`;
  const wasForked = cluster.isWorker || process.send !== undefined;
  return wasForked ? `children of ${process.ppid}` : `threads of ${process.pid}`;
}

/** Identity of a worker, which no other worker has or will have. */
export interface WorkerIdentity {
  readonly pid: number;
  readonly threadId: number;
  /** Start time in milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** Returns the identity of this worker. */
export function ownIdentity(): WorkerIdentity {
  return { pid: process.pid, threadId, startedAt: Math.round(performance.timeOrigin) };
}

/** Returns the identity as a key for maps. */
export function workerKey({ pid, threadId: thread, startedAt }: WorkerIdentity): string {
  return `${pid}/${thread}/${startedAt}`;
}

/** Returns true if a process of this user has the id. */
export function isProcessRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
