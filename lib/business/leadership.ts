/** Says whether this process is the one, of several replicas, that does what only one of them should do. */
export type IsLeader = () => boolean | Promise<boolean>;

/** Without anybody to ask, a process is the only one. */
export const soleProcess: IsLeader = () => true;
