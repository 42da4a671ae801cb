import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { BaseExceptionFilterContext } from '@nestjs/core/exceptions/base-exception-filter-context.js';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { RouterExceptionFilters } from '@nestjs/core/router/router-exception-filters.js';

/** A handler of messages, as Nest has it. */
export interface MessageMethod {
  /** Its class and name, such as `OrdersController.create`. */
  readonly handler: string;
  readonly method: object;
}

/** Is told of each exception of one handler; it must not throw. */
export type Witness = (exception: unknown) => void;

type WitnessOf = (method: MessageMethod) => Witness;

/** A filter as Nest keeps it for a handler. */
interface Filter {
  readonly func: () => void;
  readonly exceptionMetatypes: readonly object[];
}

/** What finds the filters of a handler, in the reverse order of their being asked. */
type CreateContext = (this: ContextLike, instance: unknown, method: unknown, ...more: unknown[]) => Filter[];

interface ContextLike {
  readonly container?: { getModules(): unknown };
  createContext: CreateContext & { readonly [WITNESSED]?: Witnessed };
}

interface Witnessed {
  /** The witnesses by the modules of their application and the metadata of their handlers. */
  readonly witnesses: Set<ApplicationWitness>;
}

interface ApplicationWitness {
  readonly modules: ModulesContainer;
  readonly key: string;
  readonly witnessOf: WitnessOf;
  /** The filters by class and method: handlers of request scope ask again for each message. */
  readonly filters: WeakMap<object, Map<object, Filter>>;
}

const WITNESSED = Symbol('monitoring.witnessed');

/**
 * Tells of each exception that Nest handles for the message handlers of an application: what guards, pipes,
 * interceptors and the handler throw. Nest asks an exception filter whether it is for an exception before it lets it
 * handle it; the filter that is added here is asked first, and always says no. So every filter of the application
 * still has its say, and neither the handlers nor their classes are changed.
 *
 * It must be called before Nest reads the handlers. Nest finds the filters of a handler out of reach: what is patched
 * is the class that does, for each application apart. With the last one that watches, it is as it was.
 *
 * @param key the metadata that tells a handler
 * @param witnessOf is called for each handler
 * @returns a function that ends it
 */
export function witnessExceptions(modules: ModulesContainer, key: string, witnessOf: WitnessOf): () => void {
  const home = BaseExceptionFilterContext.prototype as unknown as ContextLike;
  if (home.createContext[WITNESSED] === undefined) home.createContext = witnessed(home.createContext);
  const { createContext } = home;
  const { witnesses } = createContext[WITNESSED]!;
  const witness: ApplicationWitness = { modules, key, witnessOf, filters: new WeakMap() };
  witnesses.add(witness);
  return () => {
    witnesses.delete(witness);
    // It is inherited where nobody has patched it.
    if (witnesses.size === 0 && home.createContext === createContext)
      Reflect.deleteProperty(home, 'createContext');
  };
}

function witnessed(original: CreateContext): ContextLike['createContext'] {
  const witnesses = new Set<ApplicationWitness>();
  const createContext: CreateContext = function (instance, method, ...more) {
    const filters = Reflect.apply(original, this, [instance, method, ...more]);
    try {
      const filter = isOfMessages(this) ? witnessFilter(witnesses, this, instance, method) : undefined;
      return filter === undefined ? filters : [...filters, filter];
    } catch {
      return filters;
    }
  };
  return Object.assign(createContext, { [WITNESSED]: { witnesses } });
}

/** Returns whether a context is one of messages: a method may be for HTTP requests, too. */
function isOfMessages(context: object): boolean {
  return !(context instanceof RouterExceptionFilters || context instanceof ExternalExceptionFilterContext);
}

function witnessFilter(
  witnesses: ReadonlySet<ApplicationWitness>,
  { container }: ContextLike,
  instance: unknown,
  method: unknown,
): Filter | undefined {
  if (typeof method !== 'function' || typeof instance !== 'object' || instance === null) return undefined;
  const modules = container?.getModules();
  for (const witness of witnesses) {
    if (witness.modules !== modules || Reflect.getMetadata(witness.key, method) === undefined) continue;
    const ofClass = witness.filters.get(instance.constructor) ?? new Map<object, Filter>();
    witness.filters.set(instance.constructor, ofClass);
    let filter = ofClass.get(method);
    if (filter === undefined) {
      const handler = `${instance.constructor.name}.${nameOf(instance, method)}`;
      ofClass.set(method, (filter = filterFor(witness.witnessOf({ handler, method }))));
    }
    return filter;
  }
  return undefined;
}

/** Returns the name of a method in its class: a decorator may have put a function without a name in its place. */
function nameOf(instance: object, method: { readonly name: string }): string {
  const prototype = Object.getPrototypeOf(instance) as Readonly<Record<string, unknown>>;
  return (
    new MetadataScanner().getAllMethodNames(prototype).find((name) => prototype[name] === method) ??
    method.name
  );
}

/** Returns a filter that is for no exception, and hears of every one. */
function filterFor(witness: Witness): Filter {
  const everything = {
    [Symbol.hasInstance]: (exception: unknown): boolean => {
      witness(exception);
      return false;
    },
  };
  return { func: () => undefined, exceptionMetatypes: [everything] };
}
