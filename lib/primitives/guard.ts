/**
 * A boundary between the application and this library: errors are reported and never pass through.
 *
 * On a hot path, use `try` with {@link Guard.report} instead of a closure.
 */
export class Guard {
  /** @param onError receives each error; errors that it throws itself are ignored */
  constructor(private readonly onError: (error: unknown) => void) {}

  /** Reports a caught error. Never throws. */
  readonly report = (error: unknown): void => {
    try {
      this.onError(error);
    } catch {
      // An error of the error handler has nowhere to go.
    }
  };

  /** Runs work of this library within a call of the application; returns undefined if it throws. */
  run<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  /** Calls a callback of the application without waiting for it; reports what it throws or rejects with. */
  call<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    try {
      const result = callback(...args);
      if (isThenable(result)) result.then(undefined, this.report);
    } catch (error) {
      this.report(error);
    }
  }

  /** Calls each of several callbacks, even if others throw. */
  callEach<A extends readonly unknown[]>(callbacks: Iterable<(...args: A) => unknown>, ...args: A): void {
    // A copy: a callback may add or remove others while it runs.
    for (const callback of Array.from(callbacks)) this.call(callback, ...args);
  }
}

/** Returns true if a value has a `then()` method; false if its getter throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { readonly then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}
