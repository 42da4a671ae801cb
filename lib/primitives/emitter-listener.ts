import type { Guard } from './guard.js';

/** The part of an `EventEmitter` that is used; both methods may be missing or fail. */
export interface EmitterLike {
  on?(event: string | symbol, listener: (...args: never[]) => void): unknown;
  prependListener?(event: string | symbol, listener: (...args: never[]) => void): unknown;
  off?(event: string | symbol, listener: (...args: never[]) => void): unknown;
  removeListener?(event: string | symbol, listener: (...args: never[]) => void): unknown;
}

/**
 * Listens to an emitter of somebody else. What the listener throws never gets to who emits, nor to the listeners
 * after it.
 *
 * Not for `error`, nor for what an emitter does by itself only while nobody listens, such as `clientError` of a
 * server or `unhandledRejection` of the process: there, a listener changes what happens.
 *
 * @param options `first` to be told before the listeners that are there already
 * @returns a function that ends it
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
      listener(...(args as unknown as A));
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
