/**
 * Returns the same text in memory of its own, for what is kept: a slice keeps alive the whole text that it was cut
 * from, be it megabytes of a request.
 */
export function ownText(text: string): string {
  // A slice of a text that was put together: the engine writes that one down first.
  return ` ${text}`.slice(1);
}
