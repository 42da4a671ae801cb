import type { ModulesContainer } from '@nestjs/core';
import { BaseExceptionFilterContext } from '@nestjs/core/exceptions/base-exception-filter-context.js';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { RouterExceptionFilters } from '@nestjs/core/router/router-exception-filters.js';
import type { Guard } from '../../primitives/guard.js';
import type { AnyMethod } from '../../primitives/method-patch.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';

/** A callback that receives each exception of one handler. */
export type ExceptionObserver = (exception: unknown) => void;

/** The method of a message handler. */
export interface MessageHandlerMethod {
  /** `Class.method`. */
  readonly name: string;
  readonly method: AnyMethod;
}

/** The part of Nest's exception filter metadata that is used. */
interface FilterMetadata {
  readonly func: () => void;
  readonly exceptionMetatypes: readonly unknown[];
}

type Class = Function & { readonly prototype: object | null };

/** The part of Nest's exception filter context that is used. */
interface FilterContext {
  readonly container?: { getModules?(): unknown };
}

/**
 * Observes each exception that Nest handles for the message handlers of one application: exceptions of guards, pipes,
 * interceptors and the handlers themselves.
 *
 * Nest tests whether a filter matches an exception before the filter handles it. This function adds a filter to the
 * list that Nest collects for a handler. The added filter is tested first and never matches, so that the filters of
 * the application still handle every exception. The handler and its class are not changed.
 *
 * @param key the metadata key of a message handler
 * @param observerOf returns the observer of a handler; called when Nest prepares the handler
 * @returns a function that stops the observation
 */
export function observeExceptions(
  modules: ModulesContainer,
  key: string,
  guard: Guard,
  observerOf: (handler: MessageHandlerMethod) => ExceptionObserver,
): () => void {
  const byClass = new WeakMap<object, Map<AnyMethod, FilterMetadata>>();
  const filterOf = (type: Class, method: AnyMethod): FilterMetadata => {
    let filters = byClass.get(type);
    if (filters === undefined) byClass.set(type, (filters = new Map()));
    let filter = filters.get(method);
    if (filter === undefined) {
      filter = observingFilter(guard, observerOf({ name: `${type.name}.${nameOf(type, method)}`, method }));
      filters.set(method, filter);
    }
    return filter;
  };
  return patchSharedMethod(
    BaseExceptionFilterContext.prototype,
    'createContext',
    guard,
    ([instance, method], context) => {
      const isObserved =
        (context as FilterContext).container?.getModules?.() === modules &&
        !isOtherContext(context) &&
        typeof method === 'function' &&
        Reflect.getMetadata(key, method) !== undefined;
      if (!isObserved) return undefined;
      const filter = filterOf((instance as { constructor: Class }).constructor, method as AnyMethod);
      // Nest tests the last filter first.
      return { replaceResult: (filters) => [...(filters as FilterMetadata[]), filter] };
    },
  );
}

/** Returns true for the context of HTTP requests or external calls, which the same method may serve too. */
function isOtherContext(context: unknown): boolean {
  return context instanceof RouterExceptionFilters || context instanceof ExternalExceptionFilterContext;
}

/** Returns a filter that observes every exception and matches none. */
function observingFilter(guard: Guard, observe: ExceptionObserver): FilterMetadata {
  const noException = {
    [Symbol.hasInstance]: (exception: unknown): boolean => {
      guard.run(() => observe(exception));
      return false;
    },
  };
  return { func: () => undefined, exceptionMetatypes: [noException] };
}

/** Returns the property name of a method, which differs from the function name if a decorator replaced the function. */
function nameOf(type: Class, method: AnyMethod): string {
  for (let owner = type.prototype; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (value === method) return name;
    }
  }
  return method.name;
}
