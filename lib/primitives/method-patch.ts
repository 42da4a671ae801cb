import { copyMethodMetadata } from './copy-method-metadata.js';
import { type Guard, isThenable } from './guard.js';
import { followThenable } from './thenable.js';

/** A method as it is called: by anybody, with anything. */
export type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;

/**
 * An observer of one call of a patched method. It is told at most once each of what the method returned or threw, and
 * of how the promise it returned was settled. Nothing that it throws reaches the caller.
 */
export interface CallObserver {
  /** The arguments to call with, if a callback among them has been replaced by {@link observeCallback}. */
  readonly args?: readonly unknown[];
  /** The async context to call in; it calls what it is given once and returns its result. */
  readonly scope?: { run(call: () => unknown): unknown };
  /** The method returned this. */
  returned?(result: unknown): void;
  /** The method threw this, which the caller gets. */
  threw?(error: unknown): void;
  /** The promise that the method returned was fulfilled. */
  fulfilled?(value: unknown): void;
  /** The promise that the method returned was rejected with this, which the caller gets. */
  rejected?(error: unknown): void;
  /** Returns the value for the caller to get in place of the one that the method returned. */
  replaceResult?(result: unknown): unknown;
}

/** Returns the observer of a call with these arguments and this `this`, if it is to be observed. */
export type BeginCall = (args: readonly unknown[], receiver: unknown) => CallObserver | undefined;

/**
 * Observes the calls of one method of one object, and of no other object of its class, until the patch is removed.
 *
 * The patch is invisible to whoever calls: the same `this`, arguments, result and errors, the same `name`, `length`
 * and properties of the function. A promise is passed on as the promise that follows it, so that a rejection that
 * nobody handles is still reported as such; any other thenable is returned as it is, and not started. If somebody else
 * patches the method in the meantime, removing ours leaves theirs in place, and ours observes no more.
 *
 * @param begin is called before each call with its arguments and its `this`; returns the observer of the call, if
 *   any. It must not change the arguments.
 * @returns a function that removes the patch; it does nothing where there is no such method or the object is frozen
 */
export function patchMethod(object: object, name: PropertyKey, guard: Guard, begin: BeginCall): () => void {
  let own: PropertyDescriptor | undefined;
  let original: unknown;
  try {
    own = Object.getOwnPropertyDescriptor(object, name);
    original = Reflect.get(object, name);
  } catch {
    // A proxy or a getter that refuses to be read.
    return () => undefined;
  }
  if (typeof original !== 'function') return () => undefined;
  const method = original as AnyMethod;

  let active = true;
  const patched: AnyMethod = function (this: unknown, ...args) {
    return active ? beginCall(method, this, args, guard, begin) : Reflect.apply(method, this, args);
  };
  const isPatched = guard.run(() =>
    Reflect.defineProperty(object, name, {
      value: copyMethodMetadata(method, patched),
      configurable: true,
      writable: true,
      enumerable: own?.enumerable ?? false,
    }),
  );
  if (isPatched !== true) return () => undefined;

  return () => {
    active = false;
    guard.run(() => {
      if (Object.getOwnPropertyDescriptor(object, name)?.value !== patched) return;
      if (own === undefined) Reflect.deleteProperty(object, name);
      else Reflect.defineProperty(object, name, own);
    });
  };
}

/**
 * Returns a function that tells `observe` of each call of a callback and then calls it, with the same `this`,
 * arguments and result. What is not a function is returned as it is.
 */
export function observeCallback<T>(
  callback: T,
  guard: Guard,
  observe: (args: readonly unknown[]) => void,
): T {
  if (typeof callback !== 'function') return callback;
  // A proxy is the function itself in every other respect, and made faster than a function that is given its name,
  // length and properties.
  return new Proxy(callback, {
    apply(target, receiver, args: readonly unknown[]) {
      try {
        observe(args);
      } catch (error) {
        guard.report(error);
      }
      return Reflect.apply(target, receiver, args) as unknown;
    },
  });
}

/**
 * Returns a function whose calls are observed as those of a patched method are, and that is the given one in every
 * other respect. What is not a function is returned as it is.
 */
export function observeFunction<T>(fn: T, guard: Guard, begin: BeginCall): T {
  if (typeof fn !== 'function') return fn;
  return new Proxy(fn, {
    apply: (target, receiver, args: unknown[]) =>
      beginCall(target as unknown as AnyMethod, receiver, args, guard, begin),
  });
}

/** Returns the arguments of a call with the callback at this position observed. */
export function withObservedCallback(
  args: readonly unknown[],
  position: number,
  guard: Guard,
  observe: (args: readonly unknown[]) => void,
): unknown[] {
  const observed = [...args];
  observed[position] = observeCallback(args[position], guard, observe);
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
  return observer === undefined
    ? Reflect.apply(method, receiver, args)
    : observedCall(method, receiver, args, observer, guard);
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
    tell(guard, observer, 'threw', error);
    throw error;
  }
  tell(guard, observer, 'returned', result);
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

/** Tells an observer of something that happened, if it wants to know. */
function tell(
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
