import type { OneCacheRecorder } from '../cache-recorder.js';
import { patchMethod } from '../method-patch.js';
import type { CacheManager } from './cache-manager.discovery.js';

type AnyMethod = (...args: unknown[]) => Promise<unknown>;

/**
 * Counts what is done with a cache by its methods, since its events tell neither of misses nor of `wrap()`.
 *
 * @returns how to end that
 */
export function watchCacheManager(cache: CacheManager, recorder: OneCacheRecorder): () => void {
  const patch = (method: string, run: (original: AnyMethod, args: unknown[]) => Promise<unknown>) =>
    patchMethod(
      cache,
      method,
      (original) =>
        function (this: unknown, ...args) {
          return run((...given) => original.apply(this, given as never[]) as Promise<unknown>, args);
        },
    );
  const restores = [
    patch('get', (get, args) =>
      recorder.run(
        'get',
        () => get(...args),
        (value) => recorder.looked(value),
      ),
    ),
    patch('mget', (mget, args) =>
      recorder.run(
        'get',
        () => mget(...args),
        (values) => {
          for (const value of values as unknown[]) recorder.looked(value);
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
    patch('mset', (mset, args) =>
      recorder.run(
        'set',
        () => mset(...args),
        () => recorder.wrote(lengthOf(args[0])),
      ),
    ),
    patch('del', (del, args) =>
      recorder.run(
        'delete',
        () => del(...args),
        () => recorder.deleted(),
      ),
    ),
    patch('mdel', (mdel, args) =>
      recorder.run(
        'delete',
        () => mdel(...args),
        () => recorder.deleted(lengthOf(args[0])),
      ),
    ),
    patch('clear', (clear, args) =>
      recorder.run(
        'clear',
        () => clear(...args),
        () => undefined,
      ),
    ),
    patch('wrap', (wrap, args) => watchWrap(wrap, args, recorder)),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

/**
 * It is a hit unless the value has to be made. How long that takes is no business of the cache, so that `wrap()` has
 * no duration. Whoever gets what is being made for somebody else has a hit.
 */
async function watchWrap(wrap: AnyMethod, args: unknown[], recorder: OneCacheRecorder): Promise<unknown> {
  const [key, load, ...rest] = args;
  if (typeof load !== 'function') return wrap(...args);
  let answered = false;
  let missed = false;
  const make = async (): Promise<unknown> => {
    // What is refreshed in the background, after the answer, was there.
    if (!answered) {
      missed = true;
      recorder.looked(undefined);
    }
    const made = await (load as () => unknown)();
    recorder.wrote();
    return made;
  };
  const value = await wrap(key, make, ...rest).finally(() => (answered = true));
  if (!missed) recorder.looked(value);
  return value;
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
