/**
 * A function that registers a timer under a name, as the `SchedulerRegistry` of Nest does, and returns a function that
 * unregisters it.
 */
export type RegisterTimer = (name: string, timer: NodeJS.Timeout) => () => void;
