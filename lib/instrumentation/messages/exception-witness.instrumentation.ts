import { Catch, type Type, UseFilters } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import type { AnyMethod } from '../../primitives/method-patch.js';

/** What is used of the wrapper that Nest has around each instance. */
export interface HandlerHost {
  readonly instance: unknown;
  readonly metatype: unknown;
  isDependencyTreeStatic(): boolean;
}

/**
 * Tells of each exception that Nest handles for the message handlers of one object: what guards, pipes, interceptors
 * and the handler throw. Nest asks an exception filter whether it is for an exception before it lets it handle it;
 * the filter that is added here is asked first, and always says no. So every filter of the application still has
 * its say, and nothing of the class itself changes: the handlers that know of the filter are on an object of their
 * own between this object and its prototype.
 *
 * It must be called before Nest reads the handlers. An object that is made anew for each message has no witness.
 *
 * @param key the metadata that tells a handler
 * @param witnessOf who is told of the exceptions of a method; it must not throw
 */
export function witnessExceptions(
  { instance, metatype }: HandlerHost,
  key: string,
  witnessOf: (methodName: string, method: AnyMethod) => (exception: unknown) => void,
): void {
  if (typeof instance !== 'object' || instance === null || typeof metatype !== 'function') return;
  // Nest finds the guards of a class by the constructor of its instances: where that is another, they would be lost.
  if (instance.constructor !== metatype) return;
  const prototype = Object.getPrototypeOf(instance) as Record<string, AnyMethod>;
  const handlers = new MetadataScanner()
    .getAllMethodNames(prototype)
    .filter((name) => Reflect.getMetadata(key, prototype[name]) !== undefined);
  if (handlers.length === 0) return;
  const layer = Object.create(prototype) as object;
  for (const name of handlers) {
    const method = prototype[name];
    const descriptor = {
      value: copyMethodMetadata(method, function (this: unknown, ...args) {
        return Reflect.apply(method, this, args);
      }),
      configurable: true,
      writable: true,
    };
    UseFilters(witnessFilter(witnessOf(name, method)))(layer, name, descriptor);
    Object.defineProperty(layer, name, descriptor);
  }
  Reflect.setPrototypeOf(instance, layer);
}

/** A filter that is for no exception, and hears of every one. */
function witnessFilter(witness: (exception: unknown) => void): { catch(): void } {
  const everything = {
    [Symbol.hasInstance]: (exception: unknown): boolean => {
      witness(exception);
      return false;
    },
  };
  class WitnessFilter {
    catch(): void {}
  }
  Catch(everything as unknown as Type)(WitnessFilter);
  return new WitnessFilter();
}
