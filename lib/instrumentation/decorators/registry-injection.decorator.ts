import { Inject, Optional } from '@nestjs/common';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { RegistryReference } from '../registry-reference.js';
import { latestRegistry } from '../started-registries.js';

const REFERENCE = Symbol.for('nestjs-monitoring.reference');
const OWN_REFERENCE = Symbol.for('nestjs-monitoring.ownReference');

/**
 * Declares an injected property by which Nest gives each instance of a class the registry of its application, in
 * every provider scope. The property is not enumerated, copied or serialised.
 */
export function injectRegistry(prototype: object): void {
  if (REFERENCE in prototype) return;
  // Nest fails to assign a property of a frozen instance.
  const referencesOfFrozen = new WeakMap<object, RegistryReference>();
  Object.defineProperty(prototype, REFERENCE, {
    configurable: true,
    get(this: Record<symbol, RegistryReference | undefined>) {
      return this[OWN_REFERENCE] ?? referencesOfFrozen.get(this);
    },
    set(this: object, reference: RegistryReference) {
      const property = { value: reference, configurable: true, writable: true };
      if (!Reflect.defineProperty(this, OWN_REFERENCE, property)) referencesOfFrozen.set(this, reference);
    },
  });
  Inject(RegistryReference)(prototype, REFERENCE);
  Optional()(prototype, REFERENCE);
}

/** Attaches the registry to an instance that Nest did not create, such as the value of a `useValue` provider. */
export function attachRegistry(instance: object, reference: RegistryReference): void {
  const injected = instance as Record<symbol, RegistryReference | undefined>;
  if (REFERENCE in instance) injected[REFERENCE] ??= reference;
}

/**
 * Returns the registry of the application that created an instance. An instance that no application created belongs
 * to the application that started last.
 */
export function registryOf(instance: unknown): MetricsRegistry | undefined {
  const reference = (instance as Record<symbol, RegistryReference | undefined> | null | undefined)?.[
    REFERENCE
  ];
  return reference === undefined ? latestRegistry() : reference.registry;
}
