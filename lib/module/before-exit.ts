const waiting = new Set<() => void>();

/**
 * Returns a promise with the result of another one, which rejects when the process is about to end without it: nothing
 * is left then that could settle it.
 *
 * @param toError returns the error
 */
export function settledBeforeExit<T>(promise: Promise<T>, toError: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(toError());
    if (waiting.size === 0) process.on('beforeExit', failAll);
    waiting.add(fail);
    const stop = (): void => {
      waiting.delete(fail);
      if (waiting.size === 0) process.removeListener('beforeExit', failAll);
    };
    promise.then(resolve, reject).then(stop, stop);
  });
}

/** Fails once what is waited for; a promise that is still pending afterwards is not waited for again. */
function failAll(): void {
  process.removeListener('beforeExit', failAll);
  for (const fail of waiting) fail();
  waiting.clear();
}
