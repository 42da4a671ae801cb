/** What listens to the process as long as the application runs. */
export const PROCESS_LISTENERS = Symbol('monitoring.processListeners');
