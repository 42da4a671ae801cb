import type { Guard } from './guard.js';

/** An observer of the settlement of one promise or other thenable. Errors that it throws are not passed on. */
export interface SettlementObserver {
  /** Called when the promise is fulfilled. */
  fulfilled?(value: unknown): void;
  /** Called when the promise is rejected. */
  rejected?(error: unknown): void;
  /** Returns the value to pass on in place of that of the promise. */
  replaceValue?(value: unknown): unknown;
  /** Returns the value to pass on in place of a rejection. */
  replaceError?(error: unknown): unknown;
}

/**
 * Observes the settlement of a promise or other thenable, and returns the value to pass on in its place.
 *
 * - For a promise, a derived promise, so that an unhandled rejection is still reported as such. Properties that a library
 *   added to the promise, such as `json()`, are copied.
 * - Any other thenable, and a promise of a subclass, itself. It is not started, since it may begin its work only when
 *   `then()` is called; it is observed from its first `then()`.
 *
 * @returns undefined if it cannot be observed
 */
export function followThenable(
  thenable: PromiseLike<unknown>,
  observer: SettlementObserver,
  guard: Guard,
): PromiseLike<unknown> | undefined {
  try {
    return isPlainPromise(thenable)
      ? following(thenable, observer, guard)
      : withObservedThen(thenable, observer, guard);
  } catch (error) {
    // A proxy of a promise, or a sealed one.
    guard.report(error);
    return undefined;
  }
}

/** Notifies an observer of a value, and returns the value to pass on. */
export function settleWith(value: unknown, observer: SettlementObserver, guard: Guard): unknown {
  try {
    observer.fulfilled?.(value);
    return observer.replaceValue === undefined ? value : observer.replaceValue(value);
  } catch (error) {
    guard.report(error);
    return value;
  }
}

/**
 * Notifies an observer of an error, and returns the value that replaces it.
 *
 * @throws the error, unless the observer replaces it
 */
export function failWith(error: unknown, observer: SettlementObserver, guard: Guard): unknown {
  try {
    observer.rejected?.(error);
    if (observer.replaceError !== undefined) return observer.replaceError(error);
  } catch (failure) {
    guard.report(failure);
  }
  throw error;
}

/** Returns true for a native promise that is not of a subclass. */
function isPlainPromise(thenable: PromiseLike<unknown>): thenable is Promise<unknown> {
  // In this order, V8 knows the prototype from the shape that it has checked to read the method.
  // oxlint-disable-next-line typescript/unbound-method -- it is compared, not called
  return thenable.then === Promise.prototype.then && Object.getPrototypeOf(thenable) === Promise.prototype;
}

function following(promise: Promise<unknown>, observer: SettlementObserver, guard: Guard): Promise<unknown> {
  const followed = promise.then(
    (value) => settleWith(value, observer, guard),
    (error: unknown) => failWith(error, observer, guard),
  );
  // A loop is the fastest test for the usual case of no properties.
  for (const key in promise) {
    Reflect.defineProperty(followed, key, Object.getOwnPropertyDescriptor(promise, key) ?? {});
  }
  return followed;
}

/** The observers of a thenable whose `then()` has not been called yet. */
const OBSERVERS = Symbol('monitoring.observers');

/** The maximum number of observers of one thenable, which may be returned again and again and never awaited. */
const MAX_OBSERVERS = 100;

type Then = ((...callbacks: unknown[]) => unknown) & { readonly [OBSERVERS]?: Observed[] };

interface Observed {
  readonly observer: SettlementObserver;
  readonly guard: Guard;
}

function withObservedThen(
  thenable: PromiseLike<unknown>,
  observer: SettlementObserver,
  guard: Guard,
): PromiseLike<unknown> | undefined {
  const then = Reflect.get(thenable, 'then') as Then;
  const observers = then[OBSERVERS];
  if (observers !== undefined) {
    if (observers.length >= MAX_OBSERVERS) return undefined;
    observers.push({ observer, guard });
    return thenable;
  }
  return observeFirstThen(thenable, then, [{ observer, guard }]) ? thenable : undefined;
}

/** Replaces `then()` until its first call. @returns false if that is impossible */
function observeFirstThen(thenable: PromiseLike<unknown>, then: Then, observers: Observed[]): boolean {
  const own = Object.getOwnPropertyDescriptor(thenable, 'then');
  const observedThen = function (this: unknown, onFulfilled?: unknown, onRejected?: unknown): unknown {
    if (own === undefined) Reflect.deleteProperty(thenable, 'then');
    else Reflect.defineProperty(thenable, 'then', own);
    let isSettled = false;
    const settle = (settlement: Settlement): unknown => {
      isSettled = true;
      const { isRejected, value } = observers.reduce(passOn, settlement);
      const callback = isRejected ? onRejected : onFulfilled;
      if (typeof callback === 'function') return (callback as (result: unknown) => unknown)(value);
      if (isRejected) throw value;
      return value;
    };
    try {
      return Reflect.apply(then, this, [
        (value: unknown) => settle({ isRejected: false, value }),
        (value: unknown) => settle({ isRejected: true, value }),
      ]);
    } catch (error) {
      // The error comes from a callback, or from then() itself.
      if (isSettled) throw error;
      return settle({ isRejected: true, value: error });
    }
  };
  Reflect.defineProperty(thenable, 'then', {
    value: Object.assign(observedThen, { [OBSERVERS]: observers }),
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  return Reflect.get(thenable, 'then') === observedThen;
}

interface Settlement {
  readonly isRejected: boolean;
  readonly value: unknown;
}

function passOn({ isRejected, value }: Settlement, { observer, guard }: Observed): Settlement {
  if (!isRejected) return { isRejected, value: settleWith(value, observer, guard) };
  try {
    return { isRejected: false, value: failWith(value, observer, guard) };
  } catch {
    return { isRejected, value };
  }
}
