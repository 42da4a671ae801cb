interface MetadataReader {
  getMetadata?(key: unknown, target: object, property?: PropertyKey): unknown;
}

/** Returns the metadata of a class, a method or a property; undefined if it has none or if `reflect-metadata` is not loaded. */
export function metadataOf(key: unknown, target: object, property?: PropertyKey): unknown {
  const reflection = Reflect as MetadataReader;
  return property === undefined
    ? reflection.getMetadata?.(key, target)
    : reflection.getMetadata?.(key, target, property);
}
