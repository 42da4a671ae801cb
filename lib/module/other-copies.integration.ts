import type { ModulesContainer } from '@nestjs/core';
import { LIBRARY_BRAND, THIS_COPY } from '../primitives/library-brand.js';

/** The types of the parameters of a constructor, as TypeScript emits them, and what `@Inject()` names, as Nest stores it. */
const PARAMETER_TYPES = 'design:paramtypes';
const INJECTED = 'self:paramtypes';

/**
 * Returns the names of the classes of an application that depend on another copy of this library: one of the other kind of
 * module, or of another version. Nest compares classes by identity, so that they get nothing of this copy.
 */
export function dependentsOnOtherCopies(modules: ModulesContainer): string[] {
  const names = new Set<string>();
  for (const { metatype, imports, providers, controllers } of modules.values()) {
    if ([...imports].some((imported) => isOfOtherCopy(imported.metatype))) names.add(metatype.name);
    for (const { metatype: type } of [...providers.values(), ...controllers.values()]) {
      if (typeof type === 'function' && injectedInto(type).some(isOfOtherCopy)) names.add(type.name);
    }
  }
  return [...names];
}

function isOfOtherCopy(type: unknown): boolean {
  if (typeof type !== 'function' || !Object.hasOwn(type, LIBRARY_BRAND)) return false;
  return Reflect.get(type, LIBRARY_BRAND) !== THIS_COPY;
}

function injectedInto(type: object): unknown[] {
  const types: unknown = Reflect.getMetadata(PARAMETER_TYPES, type);
  const injected: unknown = Reflect.getMetadata(INJECTED, type);
  return [
    ...(Array.isArray(types) ? types : []),
    ...(Array.isArray(injected) ? injected.map((each: unknown) => (each as { param?: unknown }).param) : []),
  ];
}
