import { isThenable } from '../../primitives/guard.js';
import { type CallObserver, observeFunction, patchMethod } from '../../primitives/method-patch.js';
import type { CacheCall, CacheOperation, OneCacheRecorder } from '../cache-recorder.js';
import type { CacheManager } from './cache-manager.discovery.js';

/** Counts the result of a call with these arguments. */
type Count = (recorder: OneCacheRecorder, args: readonly unknown[], result: unknown, call: CacheCall) => void;

/** A cache has `undefined` for what it has not; `null` is a value. */
const OPERATIONS: readonly (readonly [method: string, operation: CacheOperation, count: Count])[] = [
  ['get', 'get', (recorder, _, value) => recorder.recordLookup(value !== undefined)],
  ['mget', 'get', countLookups],
  // It has no answer for a value that does not expire.
  ['ttl', 'get', (recorder, _args, _ttl, call) => recorder.recordLookup(call.wasFound)],
  ['set', 'set', (recorder) => recorder.recordWrites()],
  ['mset', 'set', (recorder, [list]) => recorder.recordWrites(lengthOf(list))],
  ['del', 'delete', (recorder) => recorder.recordDeletes()],
  ['mdel', 'delete', (recorder, [keys]) => recorder.recordDeletes(lengthOf(keys))],
  ['clear', 'clear', () => undefined],
];

/**
 * Counts what is done with a cache by its methods, since its events tell neither of misses nor of `wrap()`.
 *
 * @returns a function that ends it
 */
export function watchCacheManager(cache: CacheManager, recorder: OneCacheRecorder): () => void {
  const restores = [
    ...OPERATIONS.map(([method, operation, count]) =>
      patchMethod(cache, method, recorder.guard, (args) =>
        recorder.begin(operation, (result, call) => count(recorder, args, result, call)),
      ),
    ),
    patchMethod(cache, 'wrap', recorder.guard, (args) => observeWrap(args, recorder)),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

/**
 * Observes a call of `wrap()`. It is a hit unless the value has to be made; a value that is refreshed ahead was there,
 * and whoever gets what is being made for somebody else has a hit. How long it takes to make a value is not a duration
 * of the cache.
 */
function observeWrap(args: readonly unknown[], recorder: OneCacheRecorder): CallObserver | undefined {
  let isMade = false;
  const call = recorder.beginUntimed(({ wasFound }) => recorder.recordLookup(wasFound || !isMade));
  if (call === undefined) return undefined;
  const [key, make, ...rest] = args;
  const observedMake = observeFunction(make, recorder.guard, () => {
    isMade = true;
    // It is stored after the answer.
    call.goesOn = call.wasFound;
    return {
      scope: recorder.outside,
      returned: (made) => (isThenable(made) ? undefined : recorder.recordWrites()),
      fulfilled: () => recorder.recordWrites(),
    };
  });
  call.args = [key, observedMake, ...rest];
  return call;
}

function countLookups(recorder: OneCacheRecorder, _: readonly unknown[], values: unknown): void {
  for (const value of values as readonly unknown[]) recorder.recordLookup(value !== undefined);
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
