import type { ModulesContainer } from '@nestjs/core';
import { BaseExceptionFilterContext } from '@nestjs/core/exceptions/base-exception-filter-context.js';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { RouterExceptionFilters } from '@nestjs/core/router/router-exception-filters.js';
import type { Guard } from '../../primitives/guard.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';

/** A function that is given each exception of one handler. */
export type ExceptionWitness = (exception: unknown) => void;

/** A message handler as Nest knows it. */
export interface MessageHandlerMethod {
  /** The handler as `Class.method`. */
  readonly name: string;
  readonly method: AnyMethod;
}

/** The part of Nest's record of a filter that is used. */
interface FilterMetadata {
  readonly func: () => void;
  readonly exceptionMetatypes: readonly unknown[];
}

type Class = Function & { readonly prototype: object | null };

/** The part of the object that gathers the filters of a handler that is used. */
interface FilterContext {
  readonly container?: { getModules?(): unknown };
}

/**
 * Sees each exception that Nest handles for the message handlers of one application: those of guards, pipes,
 * interceptors and the handler itself. Nest asks a filter whether it is for an exception before it lets the filter
 * handle it. The list of filters that Nest gathers for a handler gets one more, which is asked first and always says
 * no. So every filter of the application still has its say, and neither the handler nor its class is touched.
 *
 * @param key the metadata that a message handler has
 * @param witnessOf returns the witness of a handler; called when Nest prepares the handler
 * @returns a function that ends it
 */
export function witnessExceptions(
  modules: ModulesContainer,
  key: string,
  guard: Guard,
  witnessOf: (handler: MessageHandlerMethod) => ExceptionWitness,
): () => void {
  const byClass = new WeakMap<object, Map<AnyMethod, FilterMetadata>>();
  const filterOf = (type: Class, method: AnyMethod): FilterMetadata => {
    let filters = byClass.get(type);
    if (filters === undefined) byClass.set(type, (filters = new Map()));
    let filter = filters.get(method);
    if (filter === undefined) {
      filter = witnessFilter(guard, witnessOf({ name: `${type.name}.${nameOf(type, method)}`, method }));
      filters.set(method, filter);
    }
    return filter;
  };
  return patchSharedMethod(
    BaseExceptionFilterContext.prototype,
    'createContext',
    guard,
    ([instance, method], context) => {
      const isOurs =
        (context as FilterContext).container?.getModules?.() === modules &&
        !isOfOthers(context) &&
        typeof method === 'function' &&
        Reflect.getMetadata(key, method) !== undefined;
      if (!isOurs) return undefined;
      const filter = filterOf((instance as { constructor: Class }).constructor, method as AnyMethod);
      // Nest asks the last one first.
      return { replaceResult: (filters) => [...(filters as FilterMetadata[]), filter] };
    },
  );
}

/** Returns whether a context is not that of messages: a method may handle requests as well. */
function isOfOthers(context: unknown): boolean {
  return context instanceof RouterExceptionFilters || context instanceof ExternalExceptionFilterContext;
}

/** A filter that is for no exception, and hears of every one. */
function witnessFilter(guard: Guard, witness: ExceptionWitness): FilterMetadata {
  const nothing = {
    [Symbol.hasInstance]: (exception: unknown): boolean => {
      guard.run(() => witness(exception));
      return false;
    },
  };
  return { func: () => undefined, exceptionMetatypes: [nothing] };
}

/** The name that a class has a method under, which is not that of the function if a decorator has replaced it. */
function nameOf(type: Class, method: AnyMethod): string {
  for (let home = type.prototype; home !== null; home = Object.getPrototypeOf(home) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(home))) {
      if (value === method) return name;
    }
  }
  return method.name;
}
