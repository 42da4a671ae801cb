/** Shorter slices are copies in V8. */
const MIN_SLICE_LENGTH = 13;

/**
 * Returns the same text in memory of its own, for a text that is kept: a slice keeps alive the whole text that it was cut
 * from, be it megabytes of a request. V8 has the name of a property once, so that a later comparison with a literal
 * compares no characters. An object without a prototype is a dictionary from its start: an object literal would get a
 * hidden class for each name, at three times the cost.
 */
export function copyString(text: string): string {
  if (text.length < MIN_SLICE_LENGTH) return text;
  const names = Object.create(null) as Record<string, true>;
  names[text] = true;
  return Object.keys(names)[0] ?? text;
}
