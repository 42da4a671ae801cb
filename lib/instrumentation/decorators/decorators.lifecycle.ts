import type { ModulesContainer } from '@nestjs/core';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { RegistryReference } from '../registry-reference.js';
import { markStarted, markStopped } from '../started-registries.js';
import { hasMeasuredMethods, type MeasuredMethod, measuredMethodsOf } from './measured-method.js';
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
    const methods: MeasuredMethod[] = [];
    for (const start of [instance, metatype, prototypeOf(metatype)]) addMeasuredMethods(methods, start);
    if (methods.length === 0) return;
    if (typeof instance === 'object' && instance !== null) attachRegistry(instance, this.reference);
    for (const method of methods) method.register(registry);
  }
}

/** Adds the measured methods of an object and its prototypes. Most have none, so nothing is created for them. */
function addMeasuredMethods(methods: MeasuredMethod[], start: unknown): void {
  try {
    for (let owner = start; isObject(owner); owner = Object.getPrototypeOf(owner)) {
      if (hasMeasuredMethods(owner)) methods.push(...measuredMethodsOf(owner));
    }
  } catch {
    // A proxy may refuse to be read.
  }
}

function prototypeOf(metatype: unknown): unknown {
  return typeof metatype === 'function' ? metatype.prototype : undefined;
}
