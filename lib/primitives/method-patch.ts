import { copyMethodMetadata } from './copy-method-metadata.js';
import { type Guard, isThenable } from './guard.js';

/** A method as it is called: by anybody, with anything. */
export type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;

/**
 * An observer of one call of a patched method. It is told at most once each of what the method returned or threw, and
 * of how the promise it returned was settled. Nothing that it throws reaches the caller.
 */
export interface CallObserver {
  /** The arguments to call with, if a callback among them has been replaced by {@link observeCallback}. */
  readonly args?: readonly unknown[];
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
export function patchMethod(
  object: object,
  name: PropertyKey,
  guard: Guard,
  begin: (args: readonly unknown[], receiver: unknown) => CallObserver | undefined,
): () => void {
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
    if (!active) return Reflect.apply(method, this, args);
    let observer: CallObserver | undefined;
    try {
      observer = begin(args, this);
    } catch (error) {
      guard.report(error);
    }
    return observer === undefined
      ? Reflect.apply(method, this, args)
      : observedCall(method, this, args, observer, guard);
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

function observedCall(
  method: AnyMethod,
  receiver: unknown,
  args: unknown[],
  observer: CallObserver,
  guard: Guard,
): unknown {
  let result: unknown;
  try {
    result = Reflect.apply(method, receiver, observer.args ?? args);
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
  return isFollowed && isThenable(result) ? followThenable(result, observer, guard) : result;
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

function followThenable(thenable: PromiseLike<unknown>, observer: CallObserver, guard: Guard): unknown {
  const fulfilled = (value: unknown): unknown => {
    tell(guard, observer, 'fulfilled', value);
    return value;
  };
  const rejected = (error: unknown): never => {
    tell(guard, observer, 'rejected', error);
    throw error;
  };
  try {
    // The promise that follows, and not the same one: to handle its rejection here would hide from the process that
    // nobody else does.
    if (thenable instanceof Promise) return thenable.then(fulfilled, rejected);
  } catch (error) {
    guard.report(error);
    return thenable;
  }
  // Whatever else has a then() may begin its work only when that is called, or be more than a promise.
  const remove = patchMethod(thenable, 'then', guard, ([onFulfilled, onRejected]) => {
    remove();
    return {
      args: [
        typeof onFulfilled === 'function'
          ? observeCallback(onFulfilled, guard, ([value]) => observer.fulfilled?.(value))
          : fulfilled,
        typeof onRejected === 'function'
          ? observeCallback(onRejected, guard, ([error]) => observer.rejected?.(error))
          : rejected,
      ],
    };
  });
  return thenable;
}
