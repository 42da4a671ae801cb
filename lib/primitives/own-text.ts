/** Shorter slices are copies in V8. */
const MIN_SLICE_LENGTH = 13;

/**
 * Returns the same text in memory of its own, for a text that is kept: a slice keeps alive the whole text that it was cut
 * from, be it megabytes of a request. A name of a property is a text that V8 has once, so that a later comparison with
 * a literal compares no characters: a plain copy made each labelled sample 50 ns slower.
 */
export function ownText(text: string): string {
  return text.length < MIN_SLICE_LENGTH ? text : (Object.keys({ [text]: 0 })[0] ?? text);
}
