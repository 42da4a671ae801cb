import { randomUUID } from 'node:crypto';
import { asOwnCall } from '../own-calls.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { KeyvStore } from './keyv.discovery.js';

/** The prefix of the keys that monitoring itself writes. */
const OWN_KEY = 'nestjs-monitoring:';
/** Lifetime of such a key if it cannot be deleted, in milliseconds. */
const OWN_KEY_TTL_MS = 10_000;

/** Writes a value and reads it back. Rejects if it cannot be read. */
export async function pingKeyv(store: KeyvStore, signal: AbortSignal): Promise<void> {
  await abandonOnAbort(
    asOwnCall(() => roundTrip(store)),
    signal,
  );
}

async function roundTrip(store: KeyvStore): Promise<void> {
  const key = `${OWN_KEY}${randomUUID()}`;
  await store.set(key, key, OWN_KEY_TTL_MS);
  const read = await store.get(key);
  await store.delete(key);
  // By default, a store only emits an event for an error.
  if (read !== key) throw new Error('a value was written, but could not be read back');
}
