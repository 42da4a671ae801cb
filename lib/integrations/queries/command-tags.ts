interface Answer {
  readonly command?: unknown;
}

/**
 * Returns the commands that PostgreSQL says it has executed, one for each statement of a text, from a result of `pg`:
 * of COMMIT, it is ROLLBACK where a statement of the transaction has failed.
 */
export function commandTagsOf(result: unknown): readonly unknown[] {
  return (Array.isArray(result) ? result : [result]).map((each: Answer | null | undefined) => each?.command);
}
