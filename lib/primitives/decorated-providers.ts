/** The part of a provider or controller of Nest that is read. */
export interface ProviderWrapper {
  readonly metatype: unknown;
  readonly instance: unknown;
  readonly isTransient: boolean;
  readonly isAlias?: boolean;
  isDependencyTreeStatic(): boolean;
}

/** The part of a module of Nest that is read. */
export interface ModuleProviders<W extends ProviderWrapper = ProviderWrapper> {
  readonly providers: ReadonlyMap<unknown, W>;
  readonly controllers: ReadonlyMap<unknown, W>;
}

/** A provider or controller whose class has the options of a decorator. */
export interface DecoratedProvider<T> {
  readonly options: T;
  /** The decorated class, or the one that stands for it. */
  readonly type: Function;
  /** Name of that class. */
  readonly className: string;
  /** Its instance, or the value in its place; undefined if Nest creates one for each request or injection. */
  readonly instance: object | undefined;
}

/**
 * Returns the providers and controllers of a decorated class, however they are provided: as a class, as a value, by a
 * factory, or by another value under the class as token, as tests do it. An instance may occur more than once.
 *
 * @param optionsOf returns the options that a class was decorated with
 * @param isCreated returns false while Nest creates the instance of a provider, which is left out then
 */
export function* decoratedProviders<T, W extends ProviderWrapper>(
  modules: Iterable<ModuleProviders<W>>,
  optionsOf: (type: Function) => T | undefined,
  isCreated: (wrapper: W) => boolean = () => true,
): Generator<DecoratedProvider<T>> {
  for (const { providers, controllers } of modules) {
    for (const [token, wrapper] of [...providers, ...controllers]) {
      if (wrapper.isAlias === true) continue;
      const { metatype, instance } = wrapper;
      // The class of the instance comes first: a token may be that of a class which another one replaces.
      for (const type of [constructorOf(instance), metatype, token]) {
        const options = typeof type === 'function' ? optionsOf(type) : undefined;
        if (options === undefined) continue;
        const found = { options, type: type as Function, className: nameOf(type as Function) };
        if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) yield { ...found, instance: undefined };
        else if (typeof instance === 'object' && instance !== null && isCreated(wrapper))
          yield { ...found, instance };
        break;
      }
    }
  }
}

/**
 * Returns the error about an instance that lacks the method of its decorator.
 *
 * @param remedy the method to add, and its purpose
 */
export function missingMethodMessage(
  decorator: string,
  method: string,
  { className, type, instance }: DecoratedProvider<unknown>,
  remedy: string,
): string {
  const isReplaced = instance !== undefined && constructorOf(instance) !== type;
  const subject = isReplaced ? `The value provided for ${className}, which has ${decorator},` : className;
  return `${subject} has ${isReplaced ? '' : `${decorator} but `}no method ${method}(). ${remedy}`;
}

/** Returns the class of an instance, without calling the traps that a proxy has for its properties. */
function constructorOf(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  try {
    return (Object.getPrototypeOf(instance) as { readonly constructor?: unknown } | null)?.constructor;
  } catch {
    return undefined;
  }
}

function nameOf(type: Function): string {
  return type.name === '' ? 'An anonymous class' : type.name;
}
