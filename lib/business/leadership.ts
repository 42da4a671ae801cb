/** A function that returns true if this process is the leader among several replicas. */
export type IsLeader = () => boolean | Promise<boolean>;

/** The default: a process without known replicas is the leader. */
export const alwaysLeader: IsLeader = () => true;
