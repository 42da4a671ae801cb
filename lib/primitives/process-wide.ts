type Holders = Record<symbol, (() => object) | undefined>;

/** The objects of this copy of the package, where the application lets nobody extend the global object. */
const own: Holders = {};

/**
 * Returns the object that all copies of this package in a process share, created by the first of them. A process has two
 * copies if one part of an application imports the ES modules and another requires the CommonJS ones. Each has its own if
 * the global object is frozen.
 */
export function processWide<T extends object>(name: string, create: () => T): T {
  const key = Symbol.for(`nestjs-monitoring.${name}`);
  const isShared = key in globalThis || Object.isExtensible(globalThis);
  const holders: Holders = isShared ? globalThis : own;
  let holder = holders[key];
  if (holder === undefined) {
    const object = create();
    // A function: Jest deletes the properties of global objects after a test file, whose application may still be closing.
    holders[key] = holder = () => object;
  }
  return holder() as T;
}
