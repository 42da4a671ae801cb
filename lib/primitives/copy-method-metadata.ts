type AnyFunction = (this: never, ...args: never[]) => unknown;

/** The own properties of plain functions that methods do not have. */
const PLAIN_FUNCTION_KEYS: ReadonlySet<PropertyKey> = new Set(['prototype', 'arguments', 'caller']);

interface MetadataReflection {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/**
 * Copies the name, length, properties and `reflect-metadata` of a method to its replacement.
 *
 * @returns the replacement
 */
export function copyMethodMetadata<F extends AnyFunction>(original: AnyFunction, replacement: F): F {
  for (const key of Reflect.ownKeys(original)) {
    if (PLAIN_FUNCTION_KEYS.has(key)) continue;
    Reflect.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(original, key) ?? {});
  }
  // Makes metadata visible that later decorators write to the original method.
  Object.setPrototypeOf(replacement, original);
  const reflection = Reflect as MetadataReflection;
  for (const key of reflection.getOwnMetadataKeys?.(original) ?? []) {
    reflection.defineMetadata?.(key, reflection.getOwnMetadata?.(key, original), replacement);
  }
  return replacement;
}
