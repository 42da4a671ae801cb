/** Returns the message of a thrown value. Never throws. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'threw a value that cannot be converted to a string';
  }
}
