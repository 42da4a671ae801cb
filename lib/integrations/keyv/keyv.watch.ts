import { patchMethod } from '../../primitives/method-patch.js';
import type { CacheOperation, CacheRecorder, SingleCacheRecorder } from '../cache.recorder.js';
import { stopAll } from '../stop-all.js';
import type { KeyvStore } from './keyv.discovery.js';

/** A function that records the result of a call with these arguments. */
type RecordResult = (recorder: SingleCacheRecorder, args: readonly unknown[], result: unknown) => void;

/** The methods of a store that are cache operations. An iterator is not one, because it looks up no key. */
const OPERATIONS: readonly (readonly [
  method: string,
  operation: CacheOperation,
  recordResult: RecordResult,
])[] = [
  ['get', 'get', recordLookups],
  ['getMany', 'get', recordLookups],
  ['getRaw', 'get', recordLookups],
  ['getManyRaw', 'get', recordLookups],
  ['has', 'has', recordPresence],
  ['hasMany', 'has', recordPresence],
  ['set', 'set', (recorder, _, result) => recorder.recordWrites(result === false ? 0 : 1)],
  ['setMany', 'set', recordWrites],
  ['delete', 'delete', recordDeletes],
  ['deleteMany', 'delete', (recorder, [keys]) => recorder.recordDeletes(lengthOf(keys))],
  ['clear', 'clear', () => undefined],
];

/** Records the operations of the application on a store. @returns a function that stops the watch */
export function watchKeyv(store: KeyvStore, recorder: SingleCacheRecorder): () => void {
  return stopAll(
    OPERATIONS.map(([method, operation, recordResult]) =>
      patchMethod(store, method, recorder.guard, (args) =>
        recorder.begin(operation, (result) => recordResult(recorder, args, result)),
      ),
    ),
  );
}

/**
 * Notes on the current cache call if a store had the key, and if the store failed. The call is one to the store itself,
 * or to the cache that the store belongs to.
 *
 * @returns a function that stops the watch
 */
export function watchStore(store: KeyvStore, { calls, guard }: CacheRecorder): () => void {
  return stopAll([
    patchMethod(store, 'get', guard, ([key]) => {
      const call = calls.current;
      return call && { fulfilled: (value) => call.noteLookup(key, value) };
    }),
    // Not by a listener: an emitter without a listener may throw the error, with one it does not.
    patchMethod(store, 'emit', guard, ([event]) => {
      const call = calls.current;
      if (event === 'error' && call !== undefined) call.hasFailedStore = true;
      return undefined;
    }),
    ...adaptersOf(store).map((adapter) =>
      // A store with `throwOnErrors: false` treats an error of its adapter as a missing value.
      patchMethod(adapter, 'get', guard, () => {
        const call = calls.current;
        return call && { rejected: () => void (call.hasFailedStore = true) };
      }),
    ),
  ]);
}

/** Returns the adapter of a store; none for a store in memory, which does not fail. */
function adaptersOf({ store }: KeyvStore): object[] {
  return typeof store === 'object' && store !== null && !(store instanceof Map) ? [store] : [];
}

/** Records hits and misses. A store returns `undefined` for a missing key; `null` is a value. */
function recordLookups(recorder: SingleCacheRecorder, [keys]: readonly unknown[], result: unknown): void {
  for (const value of resultsOf(keys, result)) recorder.recordLookup(value !== undefined);
}

function recordPresence(recorder: SingleCacheRecorder, [keys]: readonly unknown[], result: unknown): void {
  for (const isThere of resultsOf(keys, result)) recorder.recordLookup(isThere === true);
}

function recordWrites(recorder: SingleCacheRecorder, [entries]: readonly unknown[], result: unknown): void {
  const written = Array.isArray(result) ? result.filter((isWritten) => isWritten !== false) : entries;
  recorder.recordWrites(result === false ? 0 : lengthOf(written));
}

/** Records deletions. The result for several keys does not show which of them existed, so all are counted. */
function recordDeletes(recorder: SingleCacheRecorder, [keys]: readonly unknown[], result: unknown): void {
  recorder.recordDeletes(Array.isArray(keys) || result !== false ? lengthOf(keys) : 0);
}

function resultsOf(keys: unknown, result: unknown): readonly unknown[] {
  return Array.isArray(keys) ? (result as readonly unknown[]) : [result];
}

function lengthOf(keys: unknown): number {
  return Array.isArray(keys) ? keys.length : 1;
}
