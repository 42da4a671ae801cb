import type { Guard } from './guard.js';

/** An observer of how one promise, or what is awaited like one, is settled. Nothing that it throws is passed on. */
export interface SettlementObserver {
  /** The promise was fulfilled. */
  fulfilled?(value: unknown): void;
  /** The promise was rejected. */
  rejected?(error: unknown): void;
  /** Returns the value to pass on in place of the one that the promise was fulfilled with. */
  replaceValue?(value: unknown): unknown;
  /** Returns the value to pass on in place of a rejection, which ends here. */
  replaceError?(error: unknown): unknown;
}

/**
 * Observes how a promise or another thenable is settled, and returns what is to be handed on in its place.
 *
 * - Of a promise, that is the promise which follows it: a rejection that nobody handles is still reported as such.
 *   What a library has added to the promise, such as `json()`, is added to that one, too.
 * - Any other thenable, and a promise of a subclass, is returned as it is, and not started: it may begin its work
 *   only when its `then()` is called, and may be more than a promise. It is observed from its first `then()`.
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
    // A proxy of a promise, or one that is sealed in some other way.
    guard.report(error);
    return undefined;
  }
}

/** Returns what is handed on of a value, once the observer has been told. */
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
 * Returns the value that is handed on in place of an error, once the observer has been told.
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

/** Returns whether it is a promise that the language made, of which all is known. */
function isPlainPromise(thenable: PromiseLike<unknown>): thenable is Promise<unknown> {
  return Object.getPrototypeOf(thenable) === Promise.prototype && !Object.hasOwn(thenable, 'then');
}

function following(promise: Promise<unknown>, observer: SettlementObserver, guard: Guard): Promise<unknown> {
  const followed = promise.then(
    (value) => settleWith(value, observer, guard),
    (error: unknown) => failWith(error, observer, guard),
  );
  // Mostly there is nothing: the loop is the cheapest way to find out.
  for (const key in promise) {
    Reflect.defineProperty(followed, key, Object.getOwnPropertyDescriptor(promise, key) ?? {});
  }
  return followed;
}

/** The observers of a thenable whose `then()` has not been called yet. */
const OBSERVERS = Symbol('monitoring.observers');

/** As many as one thenable may have, which is returned again and again and never awaited. */
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

/** @returns whether the first call of `then()` will be seen */
function observeFirstThen(thenable: PromiseLike<unknown>, then: Then, observers: Observed[]): boolean {
  const own = Object.getOwnPropertyDescriptor(thenable, 'then');
  const observedThen = function (this: unknown, onFulfilled?: unknown, onRejected?: unknown): unknown {
    if (own === undefined) Reflect.deleteProperty(thenable, 'then');
    else Reflect.defineProperty(thenable, 'then', own);
    let isSettled = false;
    const settle = (settlement: Settlement): unknown => {
      isSettled = true;
      const { isRejected, value } = observers.reduce(handOn, settlement);
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
      // Thrown by what was called back, or instead of calling back.
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

function handOn({ isRejected, value }: Settlement, { observer, guard }: Observed): Settlement {
  if (!isRejected) return { isRejected, value: settleWith(value, observer, guard) };
  try {
    return { isRejected: false, value: failWith(value, observer, guard) };
  } catch {
    return { isRejected, value };
  }
}
