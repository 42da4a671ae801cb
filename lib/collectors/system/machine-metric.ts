/** The options of a metric of the machine, which all workers on it share. */
export const SHARED = { aggregate: 'shared' } as const;
