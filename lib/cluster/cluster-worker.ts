import type cluster from 'node:cluster';

/** Returns true if this process is one of several workers of an application, as far as that can be detected. */
export function isClusterWorker(environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment['NODE_APP_INSTANCE'] !== undefined) return true;
  // A worker of `node:cluster` has a channel to its parent. Every other process need not load that module, which takes
  // milliseconds, since it loads `child_process` and `dgram`.
  if (process.send === undefined) return false;
  // Its declaration is that of an ES module, but this is the one of CommonJS.
  return (process.getBuiltinModule('node:cluster') as unknown as typeof cluster).isWorker;
}
