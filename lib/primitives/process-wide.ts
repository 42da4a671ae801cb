/**
 * Returns the object that all copies of this package in a process share, created by the first of them. A process has two
 * copies if one part of an application imports the ES modules and another requires the CommonJS ones.
 */
export function processWide<T extends object>(name: string, create: () => T): T {
  const shared = globalThis as Record<symbol, T | undefined>;
  return (shared[Symbol.for(`nestjs-monitoring.${name}`)] ??= create());
}
