/** The outcome of a call: `cancelled` if the consumer stopped before the end. */
export type CallOutcome = 'success' | 'error' | 'cancelled';
