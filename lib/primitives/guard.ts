/**
 * A wall between somebody's code and ours: whatever is thrown behind it is reported, and never gets through.
 *
 * On a hot path, use a `try` of its own with {@link Guard.report}, which needs no closure.
 */
export class Guard {
  /** @param onError receives each error; what it throws itself is ignored */
  constructor(private readonly onError: (error: unknown) => void) {}

  /** Reports an error that was caught. Never throws. */
  readonly report = (error: unknown): void => {
    try {
      this.onError(error);
    } catch {
      // There is nowhere left to report it.
    }
  };

  /** Runs work of our own inside somebody's call; returns undefined if it throws. */
  run<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  /** Calls somebody's callback and waits for nothing: an error is reported, also that of a promise it returns. */
  call<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    try {
      const result = callback(...args);
      if (isThenable(result)) result.then(undefined, this.report);
    } catch (error) {
      this.report(error);
    }
  }

  /** Calls each of several callbacks, whatever becomes of the others. */
  callEach<A extends readonly unknown[]>(callbacks: Iterable<(...args: A) => unknown>, ...args: A): void {
    // A copy: a callback may add or remove others while it runs.
    for (const callback of [...callbacks]) this.call(callback, ...args);
  }
}

/** Returns whether a value has a `then()` method; a getter that throws says no. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    return typeof (value as { readonly then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}
