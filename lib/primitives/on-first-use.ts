/**
 * Returns a function that makes a value when it is first called, and returns the same one from then on. For what costs the
 * start of every application more than it is worth there, such as a regular expression with the classes of Unicode.
 */
export function onFirstUse<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
