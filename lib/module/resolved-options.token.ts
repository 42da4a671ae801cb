/** Injection token of the options, with every default filled in. */
export const RESOLVED_OPTIONS = Symbol('monitoring.resolvedOptions');
