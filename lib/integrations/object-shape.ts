/**
 * Returns true if an object has these methods, its own or inherited. No property is read that the object does not have:
 * a mock may return a function for every name that is read.
 */
export function hasMethods(candidate: object, ...names: readonly string[]): boolean {
  return names.every(
    (name) => name in candidate && typeof (candidate as Record<string, unknown>)[name] === 'function',
  );
}

/** Returns the names of the methods of an object, its own and inherited, without those of `Object`. */
export function* methodNames(object: object | null): Iterable<string> {
  for (
    let owner = object;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value === 'function') yield name;
    }
  }
}
