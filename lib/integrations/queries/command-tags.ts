/** The used part of a result of `pg`. */
interface PgResult {
  readonly command?: unknown;
}

/**
 * Returns the command tags in a result of `pg`, one for each statement of the text. The tag of a COMMIT is `ROLLBACK` if
 * a statement of the transaction has failed.
 */
export function commandTagsOf(result: unknown): readonly unknown[] {
  return (Array.isArray(result) ? result : [result]).map(
    (each: PgResult | null | undefined) => each?.command,
  );
}
