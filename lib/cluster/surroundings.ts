import cluster from 'node:cluster';
import { threadId } from 'node:worker_threads';

/** Whether this is one of several processes that serve the same application, as far as can be seen from here. */
export function isOneOfSeveral(environment: NodeJS.ProcessEnv = process.env): boolean {
  return cluster.isWorker || environment['NODE_APP_INSTANCE'] !== undefined;
}

/** What the workers of an application have in common, unless they were given an id. */
export function sharedId(environment: NodeJS.ProcessEnv = process.env): string {
  // PM2 starts every application itself.
  if (environment['NODE_APP_INSTANCE'] !== undefined)
    return `pm2 ${process.ppid} ${environment['name'] ?? ''}`;
  const wasForked = cluster.isWorker || process.send !== undefined;
  return wasForked ? `children of ${process.ppid}` : `threads of ${process.pid}`;
}

/** Who this worker is: no other one has been or will be called the same. */
export interface WorkerName {
  readonly pid: number;
  readonly threadId: number;
  /** When it began, in milliseconds since the Unix epoch. */
  readonly beganAt: number;
}

export function ownName(): WorkerName {
  return { pid: process.pid, threadId, beganAt: Math.round(performance.timeOrigin) };
}

export function keyOf({ pid, threadId: thread, beganAt }: WorkerName): string {
  return `${pid}/${thread}/${beganAt}`;
}

/** Whether a process of this user has this number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
