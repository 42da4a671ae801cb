import { Inject, Optional } from '@nestjs/common';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { RegistryReference } from '../registry-reference.js';
import { latestRegistry } from '../started-registries.js';

const REFERENCE = Symbol('monitoring.reference');
const OWN_REFERENCE = Symbol('monitoring.ownReference');

/**
 * Makes Nest give each instance of a class the registry of its application, as an injected property: whatever the
 * scope of the provider, and without a trace in what is enumerated, copied or serialised.
 */
export function injectRegistry(prototype: object): void {
  if (REFERENCE in prototype) return;
  // Nest would fail to assign to an instance that has frozen itself.
  const ofFrozen = new WeakMap<object, RegistryReference>();
  Object.defineProperty(prototype, REFERENCE, {
    configurable: true,
    get(this: Record<symbol, RegistryReference | undefined>) {
      return this[OWN_REFERENCE] ?? ofFrozen.get(this);
    },
    set(this: object, reference: RegistryReference) {
      const property = { value: reference, configurable: true, writable: true };
      if (!Reflect.defineProperty(this, OWN_REFERENCE, property)) ofFrozen.set(this, reference);
    },
  });
  Inject(RegistryReference)(prototype, REFERENCE);
  Optional()(prototype, REFERENCE);
}

/** Gives the registry to an instance that Nest was handed ready-made, and therefore did not inject into. */
export function adopt(instance: object, reference: RegistryReference): void {
  const injected = instance as Record<symbol, RegistryReference | undefined>;
  if (REFERENCE in instance) injected[REFERENCE] ??= reference;
}

/**
 * The registry of the application that made an instance. What no application made belongs to the one that started
 * last.
 */
export function registryOf(instance: unknown): MetricsRegistry | undefined {
  const reference = (instance as Record<symbol, RegistryReference | undefined> | null | undefined)?.[
    REFERENCE
  ];
  return reference === undefined ? latestRegistry() : reference.registry;
}
