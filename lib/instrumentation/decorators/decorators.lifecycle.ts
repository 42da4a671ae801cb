import type { ModulesContainer } from '@nestjs/core';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { RegistryReference } from '../registry-reference.js';
import { markStarted, markStopped } from '../started-registries.js';
import { measuredMethodsOf } from './measured-method.js';
import { attachRegistry } from './registry-injection.decorator.js';
import { isObject } from '../../primitives/is-object.js';

/** The lifecycle of decorated methods: their connection with the registry of the application. */
export class DecoratorsLifecycle {
  private readonly registry: MetricsRegistry | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly reference: RegistryReference,
  ) {
    this.registry = reference.registry;
  }

  /** @throws {MetricDefinitionError} for decorators that conflict with each other or with other metrics */
  install(): void {
    const { registry } = this;
    if (registry === undefined) return;
    markStarted(registry);
    try {
      for (const { providers, controllers, injectables } of this.modules.values()) {
        for (const wrapper of [...providers.values(), ...controllers.values(), ...injectables.values()]) {
          this.connect(registry, wrapper.metatype, wrapper.instance);
        }
      }
    } catch (error) {
      markStopped(registry);
      throw error;
    }
  }

  stop(): void {
    if (this.registry !== undefined) markStopped(this.registry);
  }

  private connect(registry: MetricsRegistry, metatype: unknown, instance: unknown): void {
    const owners = [
      ...prototypeChainOf(instance),
      ...prototypeChainOf(metatype),
      ...prototypeChainOf(prototypeOf(metatype)),
    ];
    const methods = owners.flatMap(measuredMethodsOf);
    if (methods.length === 0) return;
    if (typeof instance === 'object' && instance !== null) attachRegistry(instance, this.reference);
    for (const method of methods) method.register(registry);
  }
}

/** Returns an object and its prototypes; nothing for a value that is not an object or throws when it is read. */
function prototypeChainOf(start: unknown): object[] {
  const chain: object[] = [];
  try {
    for (let current = start; isObject(current); current = Object.getPrototypeOf(current)) {
      chain.push(current);
    }
  } catch {
    return [];
  }
  return chain;
}

function prototypeOf(metatype: unknown): unknown {
  return typeof metatype === 'function' ? metatype.prototype : undefined;
}
