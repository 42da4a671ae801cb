import { randomUUID } from 'node:crypto';
import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { asOwnCall } from '../own-calls.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** Begins the keys that monitoring itself writes. */
const OWN_KEY = 'nestjs-monitoring:';
/** The lifetime of such a key that cannot be deleted. */
const OWN_KEY_TTL_MS = 10_000;

/** The part of a `Keyv` that is used. */
export interface KeyvStore {
  readonly namespace?: string | undefined;
  /** The values: a `Map` in memory, or an adapter. */
  readonly store?: unknown;
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** Returns the stores that the application uses as they are, not those within a cache of cache-manager. */
export function findKeyvStores(objects: ApplicationObjects): Found<KeyvStore>[] {
  return objects.find({ is: isKeyv });
}

/** Writes and reads a value; rejects if it cannot be read. */
export async function pingKeyv(store: KeyvStore, signal: AbortSignal): Promise<void> {
  await untilAborted(
    asOwnCall(() => roundTrip(store)),
    signal,
  );
}

export function isKeyv(candidate: object): candidate is KeyvStore {
  return hasMethods(candidate, 'get', 'set', 'delete', 'clear', 'disconnect') && 'opts' in candidate;
}

async function roundTrip(store: KeyvStore): Promise<void> {
  const key = `${OWN_KEY}${randomUUID()}`;
  await store.set(key, key, OWN_KEY_TTL_MS);
  const read = await store.get(key);
  await store.delete(key);
  // By default, a store tells of an error by an event only.
  if (read !== key) throw new Error('what was written could not be read');
}
