/** Shorter slices are copies in V8. */
const MIN_SLICE_LENGTH = 13;

/**
 * Returns the same text in memory of its own, for a text that is kept: a slice keeps alive the whole text that it was cut
 * from, be it megabytes of a request. V8 writes the pieces that it joins to new memory.
 */
export function copyString(text: string): string {
  return text.length < MIN_SLICE_LENGTH ? text : [text.slice(0, 1), text.slice(1)].join('');
}
