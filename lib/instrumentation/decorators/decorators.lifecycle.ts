import type { ModulesContainer } from '@nestjs/core';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { RegistryReference } from '../registry-reference.js';
import { noteStarted, noteStopped } from '../started-registries.js';
import { measuredMethodsOf } from './measured-method.js';
import { adopt } from './registry-injection.decorator.js';

/** Connects what is decorated with the registry of its application. */
export class DecoratorsLifecycle {
  private registry: MetricsRegistry | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly reference: RegistryReference,
  ) {
    this.registry = reference.registry;
  }

  /** @throws {MetricDefinitionError} for decorators that contradict each other or other metrics */
  install(): void {
    if (this.registry === undefined) return;
    noteStarted(this.registry);
    try {
      for (const { providers, controllers, injectables } of this.modules.values()) {
        for (const wrapper of [...providers.values(), ...controllers.values(), ...injectables.values()]) {
          this.connect(wrapper.metatype, wrapper.instance);
        }
      }
    } catch (error) {
      noteStopped(this.registry);
      throw error;
    }
  }

  stop(): void {
    if (this.registry !== undefined) noteStopped(this.registry);
  }

  private connect(metatype: unknown, instance: unknown): void {
    const homes = [...chainOf(instance), ...chainOf(metatype), ...chainOf(prototypeOf(metatype))];
    const methods = homes.flatMap(measuredMethodsOf);
    if (methods.length === 0) return;
    if (typeof instance === 'object' && instance !== null) adopt(instance, this.reference);
    for (const method of methods) if (this.registry) method.prepare(this.registry);
  }
}

/** An object and what it inherits from; nothing for what is none, or does not let itself be looked at. */
function chainOf(start: unknown): object[] {
  const chain: object[] = [];
  try {
    for (let place = start; isObject(place); place = Object.getPrototypeOf(place)) chain.push(place);
  } catch {
    return [];
  }
  return chain;
}

function prototypeOf(metatype: unknown): unknown {
  return typeof metatype === 'function' ? metatype.prototype : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
