type AnyFunction = (this: never, ...args: never[]) => unknown;

/** Properties of plain functions that methods do not have. */
const OF_PLAIN_FUNCTIONS: ReadonlySet<PropertyKey> = new Set(['prototype', 'arguments', 'caller']);

interface MetadataReflection {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/**
 * Gives a function that stands in for another one its name, length, properties and `reflect-metadata`.
 *
 * @returns the stand-in
 */
export function copyMethodMetadata<F extends AnyFunction>(original: AnyFunction, standIn: F): F {
  for (const key of Reflect.ownKeys(original)) {
    if (OF_PLAIN_FUNCTIONS.has(key)) continue;
    Reflect.defineProperty(standIn, key, Object.getOwnPropertyDescriptor(original, key)!);
  }
  // Decorators that run later and write metadata to the method that is still on the class are seen, too.
  Object.setPrototypeOf(standIn, original);
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata } = Reflect as MetadataReflection;
  for (const key of getOwnMetadataKeys?.(original) ?? []) {
    defineMetadata?.(key, getOwnMetadata?.(key, original), standIn);
  }
  return standIn;
}
