import { isOwnKey, type OneCacheRecorder } from '../cache-recorder.js';
import { patchMethod } from '../method-patch.js';
import type { KeyvStore } from './keyv.discovery.js';

type AnyMethod = (...args: unknown[]) => Promise<unknown>;

/** Counts what is done with a store by its methods. @returns how to end that */
export function watchKeyv(store: KeyvStore, recorder: OneCacheRecorder): () => void {
  const patch = (method: string, run: (original: AnyMethod, args: unknown[]) => Promise<unknown>) =>
    patchMethod(
      store,
      method,
      (original) =>
        function (this: unknown, ...args) {
          const call: AnyMethod = (...given) => original.apply(this, given as never[]) as Promise<unknown>;
          return isOwnKey(args[0]) ? call(...(args as unknown[])) : run(call, args);
        },
    );
  const restores = [
    patch('get', (get, args) =>
      recorder.run(
        'get',
        () => get(...args),
        (found) => {
          for (const value of Array.isArray(args[0]) ? (found as unknown[]) : [found]) recorder.looked(value);
        },
      ),
    ),
    patch('set', (set, args) =>
      recorder.run(
        'set',
        () => set(...args),
        () => recorder.wrote(),
      ),
    ),
    patch('delete', (del, args) =>
      recorder.run(
        'delete',
        () => del(...args),
        () => recorder.deleted(Array.isArray(args[0]) ? args[0].length : 1),
      ),
    ),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

/** How many values a store has, where it is in memory. */
export function keyvSize({ store }: KeyvStore): number | undefined {
  return store instanceof Map ? store.size : undefined;
}
