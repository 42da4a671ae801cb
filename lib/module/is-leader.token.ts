/** The provider of what says whether this process does what only one of several should do. */
export const IS_LEADER = Symbol('monitoring.isLeader');
