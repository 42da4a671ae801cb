import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of a client of node-redis, the package `redis`. */
export interface NodeRedisClient {
  /** False before it is told to connect, and after it is closed. */
  readonly isOpen: boolean;
  readonly isReady: boolean;
  ping(): Promise<unknown>;
  info(section?: string): Promise<string>;
}

/** The clients of the application, also those that a store of Keyv has. */
export function findNodeRedisClients(objects: ApplicationObjects): Found<NodeRedisClient>[] {
  return objects.find({ is: isNodeRedis, within: clientsOfStores });
}

/** The clients that the application has itself, not those that only a store of Keyv has, which is a cache. */
export function findOwnNodeRedisClients(objects: ApplicationObjects): Found<NodeRedisClient>[] {
  return objects.find({ is: isNodeRedis });
}

/** Whether Redis answers; rejects if not, at once where there is no connection. */
export async function pingNodeRedis(client: NodeRedisClient, signal: AbortSignal): Promise<void> {
  if (!client.isReady) throw new Error('the connection is not ready');
  await untilAborted(client.ping(), signal);
}

/** A cache of cache-manager has stores of Keyv, and a store that keeps its values in Redis has a client. */
function clientsOfStores(candidate: object): unknown[] {
  const stores = 'stores' in candidate && Array.isArray(candidate.stores) ? candidate.stores : [candidate];
  return (stores as { readonly store?: { readonly client?: unknown } }[]).map(({ store }) => store?.client);
}

function isNodeRedis(candidate: object): candidate is NodeRedisClient {
  return (
    hasMethods(candidate, 'sendCommand', 'ping', 'info', 'multi') &&
    'isReady' in candidate &&
    typeof candidate.isReady === 'boolean'
  );
}
