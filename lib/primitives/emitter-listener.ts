import type { Guard } from './guard.js';

/** The part of an `EventEmitter` that is used. Each method may be missing or throw. */
export interface EmitterLike {
  on?(event: string | symbol, listener: (...args: never[]) => void): unknown;
  prependListener?(event: string | symbol, listener: (...args: never[]) => void): unknown;
  off?(event: string | symbol, listener: (...args: never[]) => void): unknown;
  removeListener?(event: string | symbol, listener: (...args: never[]) => void): unknown;
}

/**
 * Adds a listener to an emitter of the application. Errors of the listener reach neither the emitter nor other listeners.
 *
 * Not for `error`, nor for events with a default behaviour that a listener disables, such as `clientError` of a server
 * or `unhandledRejection` of the process.
 *
 * @param options `first`: true to be called before the existing listeners
 * @returns a function that removes the listener
 */
export function listenTo<A extends readonly unknown[]>(
  emitter: object | null | undefined,
  event: string | symbol,
  guard: Guard,
  listener: (...args: A) => void,
  options: { readonly first?: boolean } = {},
): () => void {
  const target = (emitter ?? {}) as EmitterLike;
  const guarded = (...args: unknown[]): void => {
    try {
      listener(...(args as readonly unknown[] as A));
    } catch (error) {
      guard.report(error);
    }
  };
  guard.run(() => {
    if (options.first === true && target.prependListener) target.prependListener(event, guarded);
    else target.on?.(event, guarded);
  });
  return () => {
    guard.run(() => {
      if (target.off) target.off(event, guarded);
      else target.removeListener?.(event, guarded);
    });
  };
}
