export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What methods do not have. */
const OF_PLAIN_FUNCTIONS: ReadonlySet<PropertyKey> = new Set(['prototype', 'arguments', 'caller']);

/** Gives a function that stands in for a method the name, length, properties and metadata of that method. */
export function dressedAs(method: Method, standIn: Method): Method {
  for (const key of Reflect.ownKeys(method)) {
    if (OF_PLAIN_FUNCTIONS.has(key)) continue;
    Object.defineProperty(standIn, key, Object.getOwnPropertyDescriptor(method, key) ?? {});
  }
  // Decorators that come later and write their metadata to the method that is still on the class are heard too.
  Object.setPrototypeOf(standIn, method);
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), standIn);
  }
  return standIn;
}
