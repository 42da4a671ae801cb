/**
 * Returns true if an object has these methods, its own or inherited. No property is read that the object does not have:
 * a mock may return a function for every name that is read.
 */
export function hasMethods(candidate: object, ...names: readonly string[]): boolean {
  // A loop without a function of its own: every object of an application is asked for some thirty shapes.
  for (const name of names) {
    if (!(name in candidate) || typeof (candidate as Record<string, unknown>)[name] !== 'function')
      return false;
  }
  return true;
}

/** Returns true if an object has at least one of these properties, its own or inherited. None of them is read. */
export function hasAnyOf(candidate: object, names: readonly string[]): boolean {
  try {
    for (const name of names) if (name in candidate) return true;
  } catch {
    // A proxy may refuse to be asked.
  }
  return false;
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
