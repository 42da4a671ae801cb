/** Shorter slices are copies in V8. */
const MIN_SLICE_LENGTH = 13;

/**
 * Returns an equal string in memory of its own. A slice that is kept would keep alive the whole string that it was cut
 * from, such as a request of some megabytes.
 */
export function copyString(text: string): string {
  if (text.length < MIN_SLICE_LENGTH) return text;
  // V8 stores the name of a property once, so that a later comparison with a literal compares no characters. An object
  // without a prototype is a dictionary: an object literal would get a hidden class for each name, at three times the cost.
  const names = Object.create(null) as Record<string, true>;
  names[text] = true;
  return Object.keys(names)[0] ?? text;
}
