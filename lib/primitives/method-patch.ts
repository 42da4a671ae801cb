import { copyMethodMetadata } from './copy-method-metadata.js';
import { type Guard, isThenable } from './guard.js';
import { followThenable } from './follow-thenable.js';

/** A method of unknown signature. */
export type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;

/** An async context, which runs a function once and returns its result. */
export interface CallScope {
  run<R>(call: () => R): R;
}

/**
 * An observer of one call of a patched method. Each of its methods is called at most once, and errors that they throw do
 * not reach the caller.
 */
export interface CallObserver {
  /** Arguments of the call, if {@link observeCallback} replaced a callback among them. @default the given ones */
  readonly args?: readonly unknown[];
  /** Async context of the call. @default that of the caller */
  readonly scope?: CallScope | undefined;
  /** True if the method is not to be called: the caller gets `undefined`, and nothing else of the observer is called. */
  readonly isSkipped?: boolean;
  /** Called with the result of the method. */
  returned?(result: unknown): void;
  /** Called with the error that the method threw. */
  threw?(error: unknown): void;
  /** Called when the promise that the method returned is fulfilled. */
  fulfilled?(value: unknown): void;
  /** Called when the promise that the method returned is rejected. */
  rejected?(error: unknown): void;
  /** Returns the result for the caller, in place of that of the method. */
  replaceResult?(result: unknown): unknown;
}

/** A function that returns the observer of a call; undefined if the call is not observed. */
export type BeginCall = (args: readonly unknown[], receiver: unknown) => CallObserver | undefined;

/**
 * Patches one method of one object to observe its calls. Other objects of the class are not affected.
 *
 * The patch is invisible to callers: `this`, arguments, result and errors stay the same, and so do the `name`, `length`
 * and properties of the function. A promise is replaced by a derived promise, so that an unhandled rejection is still
 * reported as such; any other thenable is returned as it is and not started. If other code patches the method later,
 * removing this patch leaves the other one in place. Several patches may be removed in any order.
 *
 * @param begin called before each call with its arguments and its `this`; it must not change the arguments
 * @returns a function that removes the patch; it does nothing if there is no such method or the object is frozen
 */
export function patchMethod(object: object, name: PropertyKey, guard: Guard, begin: BeginCall): () => void {
  return replaceMethod(
    object,
    name,
    guard,
    (method, patch) =>
      function (this: unknown, ...args) {
        return patch.isActive
          ? beginCall(method, this, args, guard, begin)
          : Reflect.apply(method, this, args);
      },
  );
}

/**
 * Patches one method of one object like {@link patchMethod}, to observe the start of each call only. The cheaper patch for
 * a hot path: the arguments are copied nowhere.
 *
 * @param started called before each call with its first three arguments; it may return an async context for the call
 */
export function patchStart(
  object: object,
  name: PropertyKey,
  guard: Guard,
  started: (first: unknown, second: unknown, third: unknown) => CallScope | undefined,
): () => void {
  return replaceMethod(
    object,
    name,
    guard,
    (method, patch) =>
      function (this: unknown, ...args) {
        let scope: CallScope | undefined;
        if (patch.isActive) {
          try {
            scope = started(args[0], args[1], args[2]);
          } catch (error) {
            guard.report(error);
          }
        }
        return scope === undefined
          ? Reflect.apply(method, this, args)
          : scope.run(() => Reflect.apply(method, this, args));
      },
  );
}

/** A patch, and the property that it replaced; undefined for an inherited one. */
interface MethodPatch {
  isActive: boolean;
  readonly own: PropertyDescriptor | undefined;
}

/** The patches by their functions. */
const PATCHES = new WeakMap<object, MethodPatch>();

/** Returns the property under a patch, without the patches below it that were removed before. */
function propertyBelow({ own }: MethodPatch): PropertyDescriptor | undefined {
  const below = typeof own?.value === 'function' ? PATCHES.get(own.value as object) : undefined;
  return below?.isActive === false ? propertyBelow(below) : own;
}

function replaceMethod(
  object: object,
  name: PropertyKey,
  guard: Guard,
  replacementOf: (method: AnyMethod, patch: { readonly isActive: boolean }) => AnyMethod,
): () => void {
  let own: PropertyDescriptor | undefined;
  let original: unknown;
  try {
    own = Object.getOwnPropertyDescriptor(object, name);
    original = Reflect.get(object, name);
  } catch {
    // A proxy or a getter that throws.
    return () => undefined;
  }
  if (typeof original !== 'function') return () => undefined;
  const method = original as AnyMethod;

  const patch: MethodPatch = { isActive: true, own };
  const patched = replacementOf(method, patch);
  const isPatched = guard.run(() =>
    Reflect.defineProperty(object, name, {
      value: copyMethodMetadata(method, patched),
      configurable: true,
      writable: true,
      enumerable: own?.enumerable ?? false,
    }),
  );
  if (isPatched !== true) return () => undefined;
  PATCHES.set(patched, patch);

  return () => {
    patch.isActive = false;
    guard.run(() => {
      if (Object.getOwnPropertyDescriptor(object, name)?.value !== patched) return;
      const below = propertyBelow(patch);
      if (below === undefined) Reflect.deleteProperty(object, name);
      else Reflect.defineProperty(object, name, below);
    });
  };
}

/**
 * Returns a version of a callback that passes the arguments of each call to `observe` before it calls the callback. A
 * value that is not a function is returned as it is.
 *
 * @param scope async context of the callback. @default the one in which it is called
 */
export function observeCallback<T>(
  callback: T,
  guard: Guard,
  observe: (args: readonly unknown[]) => void,
  scope?: CallScope,
): T {
  if (typeof callback !== 'function') return callback;
  // A proxy keeps the identity of the function in every other respect, and is created faster than a function with a copy
  // of its name, length and properties.
  return new Proxy(callback, {
    apply(target, receiver, args: readonly unknown[]) {
      try {
        observe(args);
      } catch (error) {
        guard.report(error);
      }
      return scope === undefined
        ? (Reflect.apply(target, receiver, args) as unknown)
        : scope.run(() => Reflect.apply(target, receiver, args) as unknown);
    },
  });
}

/**
 * Returns a version of a function whose calls are observed like those of a patched method. A value that is not a function
 * is returned as it is.
 */
export function observeFunction<T>(fn: T, guard: Guard, begin: BeginCall): T {
  if (typeof fn !== 'function') return fn;
  return new Proxy(fn, {
    // `target` is a function, of a signature that TypeScript cannot know.
    apply: (target, receiver, args: unknown[]) =>
      beginCall(target as unknown as AnyMethod, receiver, args, guard, begin),
  });
}

/** Returns a copy of arguments with the callback at one position observed. */
export function withObservedCallback(
  args: readonly unknown[],
  position: number,
  guard: Guard,
  observe: (args: readonly unknown[]) => void,
  scope?: CallScope,
): unknown[] {
  const observed = [...args];
  observed[position] = observeCallback(args[position], guard, observe, scope);
  return observed;
}

function beginCall(
  method: AnyMethod,
  receiver: unknown,
  args: unknown[],
  guard: Guard,
  begin: BeginCall,
): unknown {
  let observer: CallObserver | undefined;
  try {
    observer = begin(args, receiver);
  } catch (error) {
    guard.report(error);
  }
  if (observer === undefined) return Reflect.apply(method, receiver, args);
  return observer.isSkipped === true ? undefined : observedCall(method, receiver, args, observer, guard);
}

function observedCall(
  method: AnyMethod,
  receiver: unknown,
  args: unknown[],
  observer: CallObserver,
  guard: Guard,
): unknown {
  let result: unknown;
  try {
    const given = observer.args ?? args;
    result =
      observer.scope === undefined
        ? Reflect.apply(method, receiver, given)
        : observer.scope.run(() => Reflect.apply(method, receiver, given));
  } catch (error) {
    notify(guard, observer, 'threw', error);
    throw error;
  }
  notify(guard, observer, 'returned', result);
  if (observer.replaceResult !== undefined) {
    try {
      result = observer.replaceResult(result);
    } catch (error) {
      guard.report(error);
    }
  }
  const isFollowed = observer.fulfilled !== undefined || observer.rejected !== undefined;
  return isFollowed && isThenable(result) ? (followThenable(result, observer, guard) ?? result) : result;
}

/** Calls a method of an observer, if it has it. */
function notify(
  guard: Guard,
  observer: CallObserver,
  event: 'returned' | 'threw' | 'fulfilled' | 'rejected',
  value: unknown,
): void {
  try {
    observer[event]?.(value);
  } catch (error) {
    guard.report(error);
  }
}
