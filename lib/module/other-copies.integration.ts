import type { ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { LIBRARY_BRAND, THIS_COPY } from '../primitives/library-brand.js';

/** The types of the parameters of a constructor, as TypeScript emits them. */
const PARAMETER_TYPES = 'design:paramtypes';
/** The parameters and the properties with `@Inject()`, as Nest stores them. */
const INJECTED_PARAMETERS = 'self:paramtypes';
const INJECTED_PROPERTIES = 'self:properties_metadata';

/**
 * Returns the names of the classes and factories of an application that depend on another copy of this library: one of the
 * other kind of module, or of another version. Nest compares classes by identity, so that they get nothing of this copy.
 */
export function dependentsOnOtherCopies(modules: ModulesContainer): string[] {
  const names = new Set<string>();
  for (const { metatype, imports, providers, controllers } of modules.values()) {
    // The other copy itself, whose module is named by those that import it.
    if (isOfOtherCopy(metatype) || [...providers.keys()].some(isOfOtherCopy)) continue;
    if ([...imports].some((imported) => isOfOtherCopy(imported.metatype))) names.add(metatype.name);
    for (const wrapper of [...providers.values(), ...controllers.values()]) {
      if (injectedInto(wrapper).some(isOfOtherCopy)) names.add(String(wrapper.name));
    }
  }
  return [...names];
}

function isOfOtherCopy(type: unknown): boolean {
  if (typeof type !== 'function' || !Object.hasOwn(type, LIBRARY_BRAND)) return false;
  return Reflect.get(type, LIBRARY_BRAND) !== THIS_COPY;
}

function injectedInto({ metatype, inject }: InstanceWrapper): unknown[] {
  // The tokens of a factory, some of which are optional.
  if (Array.isArray(inject))
    return inject.map((each: unknown) => (each as { token?: unknown } | undefined)?.token ?? each);
  if (typeof metatype !== 'function') return [];
  return [
    ...listOf(PARAMETER_TYPES, metatype),
    ...listOf(INJECTED_PARAMETERS, metatype).map((each) => (each as { param?: unknown }).param),
    ...listOf(INJECTED_PROPERTIES, metatype).map((each) => (each as { type?: unknown }).type),
  ];
}

function listOf(key: string, metatype: object): unknown[] {
  const list: unknown = Reflect.getMetadata(key, metatype);
  return Array.isArray(list) ? list : [];
}
