/**
 * Returns whether an object has these methods, its own or inherited. Nothing is read that it does not have: a proxy of a
 * test may have a method for every name that it is asked for.
 */
export function hasMethods(candidate: object, ...names: readonly string[]): boolean {
  return names.every(
    (name) => name in candidate && typeof (candidate as Record<string, unknown>)[name] === 'function',
  );
}
