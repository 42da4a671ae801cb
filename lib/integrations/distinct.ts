import type { Found } from './application-objects.integration.js';

/**
 * Returns those found that are not the same as an earlier one, which a proxy of it or another wrapper is.
 *
 * @param identityOf what only one and its wrappers have; undefined, or an error, where it has none
 */
export function distinct<T extends object>(
  found: readonly Found<T>[],
  identityOf: (instance: T) => unknown,
): Found<T>[] {
  const seen = new Set<unknown>();
  return found.filter(({ instance }) => {
    const identity = identityIn(instance, identityOf);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

function identityIn<T extends object>(instance: T, identityOf: (instance: T) => unknown): unknown {
  try {
    return identityOf(instance) ?? instance;
  } catch {
    return instance;
  }
}
