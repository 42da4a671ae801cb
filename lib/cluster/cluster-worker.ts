/** Returns true if this process is one of several workers of an application, as far as that can be detected. */
export function isClusterWorker(environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment['NODE_APP_INSTANCE'] !== undefined) return true;
  // A worker of `node:cluster` has a channel to its parent. Every other process need not load that module, which takes
  // milliseconds, since it loads `child_process` and `dgram`.
  return process.send !== undefined && process.getBuiltinModule('node:cluster').isWorker;
}
