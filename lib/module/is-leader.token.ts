/** Injection token of a function that returns true in the one process that runs leader-only work. */
export const IS_LEADER = Symbol('monitoring.isLeader');
