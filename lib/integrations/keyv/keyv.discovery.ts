import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a `Keyv`. */
export interface KeyvStore {
  readonly namespace?: string | undefined;
  /** The values: a `Map` in memory, or an adapter. */
  readonly store?: unknown;
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** The query of {@link findKeyvStores}. */
export const KEYV_STORES: ObjectQuery<KeyvStore> = {
  marks: ['disconnect'],
  is: isKeyv,
};

/** Returns the stores that the application uses directly, without those inside a cache of cache-manager. */
export function findKeyvStores(objects: ApplicationObjects): ObjectMatch<KeyvStore>[] {
  return objects.find(KEYV_STORES);
}

/** Returns true for a `Keyv`. */
export function isKeyv(candidate: object): candidate is KeyvStore {
  return hasMethods(candidate, 'get', 'set', 'delete', 'clear', 'disconnect') && 'opts' in candidate;
}
