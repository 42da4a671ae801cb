/**
 * Returns a function that makes a value when it is first called, and returns the same one from then on. Keeps
 * work that few applications need out of the start, such as compiling a regular expression with the classes of Unicode.
 */
export function onFirstUse<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
