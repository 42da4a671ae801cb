import { isThenable } from '../../primitives/guard.js';
import { type CallObserver, observeFunction, patchMethod } from '../../primitives/method-patch.js';
import type { CacheCall, CacheOperation, SingleCacheRecorder } from '../cache.recorder.js';
import { stopAll } from '../stop-all.js';
import type { CacheManager } from './cache-manager.discovery.js';

/** A function that records the result of a call with these arguments. */
type RecordResult = (
  recorder: SingleCacheRecorder,
  args: readonly unknown[],
  result: unknown,
  call: CacheCall,
) => void;

/**
 * The methods of a cache that are operations. A cache returns `undefined` for a missing key, and `null` is a value, but
 * cache-manager 6 returns `null` for both.
 */
const OPERATIONS: readonly (readonly [
  method: string,
  operation: CacheOperation,
  recordResult: RecordResult,
])[] = [
  [
    'get',
    'get',
    (recorder, _, value, call) => recorder.recordLookup(value === null ? call.wasFound : value !== undefined),
  ],
  ['mget', 'get', recordLookups],
  // The result is also undefined for a value that does not expire, so the lookup in the store decides.
  ['ttl', 'get', (recorder, _args, _result, call) => recorder.recordLookup(call.wasFound)],
  ['set', 'set', (recorder) => recorder.recordWrites()],
  ['mset', 'set', (recorder, [list]) => recorder.recordWrites(lengthOf(list))],
  ['del', 'delete', (recorder) => recorder.recordDeletes()],
  ['mdel', 'delete', (recorder, [keys]) => recorder.recordDeletes(lengthOf(keys))],
  ['clear', 'clear', () => undefined],
];

/**
 * Records the operations on a cache by its methods, since it emits no event for a miss or for `wrap()`.
 *
 * @returns a function that stops the watch
 */
export function watchCacheManager(cache: CacheManager, recorder: SingleCacheRecorder): () => void {
  return stopAll([
    ...OPERATIONS.map(([method, operation, recordResult]) =>
      patchMethod(cache, method, recorder.guard, (args) =>
        recorder.begin(operation, (result, call) => recordResult(recorder, args, result, call)),
      ),
    ),
    patchMethod(cache, 'wrap', recorder.guard, (args) => observeWrap(args, recorder)),
  ]);
}

/**
 * Observes a call of `wrap()`. It is a miss if it has to load the value, and a hit otherwise: also if the value is
 * refreshed in the background, or loaded by a concurrent call. The time to load a value is not a duration of the cache.
 */
function observeWrap(args: readonly unknown[], recorder: SingleCacheRecorder): CallObserver | undefined {
  let isLoaded = false;
  const call = recorder.beginUntimed(({ wasFound }) => recorder.recordLookup(wasFound || !isLoaded));
  if (call === undefined) return undefined;
  const [key, load, ...rest] = args;
  const observedLoad = observeFunction(load, recorder.guard, () => {
    isLoaded = true;
    // A refreshed value is stored after the call has returned.
    call.continuesAfterResult = call.wasFound;
    return {
      scope: recorder.outside,
      returned: (loaded) => (isThenable(loaded) ? undefined : recorder.recordWrites()),
      fulfilled: () => recorder.recordWrites(),
    };
  });
  call.args = [key, observedLoad, ...rest];
  return call;
}

/** Records hits and misses of several keys. */
function recordLookups(
  recorder: SingleCacheRecorder,
  [keys]: readonly unknown[],
  values: unknown,
  { lookups, foundNulls }: CacheCall,
): void {
  // cache-manager 7 asks its stores for all keys at once. Version 6 asks for one at a time.
  for (const [i, value] of (values as readonly unknown[]).entries()) {
    const isFoundNull = lookups === 0 || foundNulls?.has((keys as readonly unknown[])[i]) === true;
    recorder.recordLookup(value === null ? isFoundNull : value !== undefined);
  }
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
