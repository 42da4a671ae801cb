/** The end of a call: `cancelled` if nobody took the rest of what it had to give. */
export type Outcome = 'success' | 'error' | 'cancelled';
