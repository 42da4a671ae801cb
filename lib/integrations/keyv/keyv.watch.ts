import { patchMethod } from '../../primitives/method-patch.js';
import type { CacheOperation, CacheRecorder, OneCacheRecorder } from '../cache-recorder.js';
import type { KeyvStore } from './keyv.discovery.js';

/** Counts the result of a call with these arguments. */
type Count = (recorder: OneCacheRecorder, args: readonly unknown[], result: unknown) => void;

/** The methods of a store that are operations of a cache. An iterator looks no key up, and is not one. */
const OPERATIONS: readonly (readonly [method: string, operation: CacheOperation, count: Count])[] = [
  ['get', 'get', countLookups],
  ['getMany', 'get', countLookups],
  ['getRaw', 'get', countLookups],
  ['getManyRaw', 'get', countLookups],
  ['has', 'has', countPresence],
  ['hasMany', 'has', countPresence],
  ['set', 'set', (recorder, _, result) => recorder.recordWrites(result === false ? 0 : 1)],
  ['setMany', 'set', countWrites],
  ['delete', 'delete', countDeletes],
  ['deleteMany', 'delete', (recorder, [keys]) => recorder.recordDeletes(lengthOf(keys))],
  ['clear', 'clear', () => undefined],
];

/** Counts what the application does with a store by its methods. @returns a function that ends it */
export function watchKeyv(store: KeyvStore, recorder: OneCacheRecorder): () => void {
  const restores = OPERATIONS.map(([method, operation, count]) =>
    patchMethod(store, method, recorder.guard, (args) =>
      recorder.begin(operation, (result) => count(recorder, args, result)),
    ),
  );
  return () => {
    for (const restore of restores) restore();
  };
}

/**
 * Tells the call that a store works for, be it one to the store itself or to the cache that it belongs to, whether the
 * key was found and whether the store has failed.
 *
 * @returns a function that ends it
 */
export function watchStore(store: KeyvStore, { calls, guard }: CacheRecorder): () => void {
  const restores = [
    patchMethod(store, 'get', guard, () => {
      const call = calls.current;
      return call && { fulfilled: (value) => void (call.wasFound ||= value !== undefined) };
    }),
    // Not by a listener: an error that nobody listens to may be thrown.
    patchMethod(store, 'emit', guard, ([event]) => {
      const call = calls.current;
      if (event === 'error' && call !== undefined) call.hasFailedStore = true;
      return undefined;
    }),
    ...adaptersOf(store).map((adapter) =>
      // A store that is told not to throw takes this for a value that is not there.
      patchMethod(adapter, 'get', guard, () => {
        const call = calls.current;
        return call && { rejected: () => void (call.hasFailedStore = true) };
      }),
    ),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

/** Returns what a store keeps its values in, unless that is memory, which does not fail. */
function adaptersOf({ store }: KeyvStore): object[] {
  return typeof store === 'object' && store !== null && !(store instanceof Map) ? [store] : [];
}

/** Returns how many values a store has, where it is in memory. */
export function keyvSize({ store }: KeyvStore): number | undefined {
  return store instanceof Map ? store.size : undefined;
}

/** A store has `undefined` for what it has not; `null` is a value. */
function countLookups(recorder: OneCacheRecorder, [keys]: readonly unknown[], result: unknown): void {
  for (const value of resultsOf(keys, result)) recorder.recordLookup(value !== undefined);
}

function countPresence(recorder: OneCacheRecorder, [keys]: readonly unknown[], result: unknown): void {
  for (const isThere of resultsOf(keys, result)) recorder.recordLookup(isThere === true);
}

function countWrites(recorder: OneCacheRecorder, [entries]: readonly unknown[], result: unknown): void {
  const written = Array.isArray(result) ? result.filter((isWritten) => isWritten !== false) : entries;
  recorder.recordWrites(result === false ? 0 : lengthOf(written));
}

/** The result says of one key whether it was there; of several, only whether all were. */
function countDeletes(recorder: OneCacheRecorder, [keys]: readonly unknown[], result: unknown): void {
  recorder.recordDeletes(Array.isArray(keys) || result !== false ? lengthOf(keys) : 0);
}

function resultsOf(keys: unknown, result: unknown): readonly unknown[] {
  return Array.isArray(keys) ? (result as readonly unknown[]) : [result];
}

function lengthOf(keys: unknown): number {
  return Array.isArray(keys) ? keys.length : 1;
}
