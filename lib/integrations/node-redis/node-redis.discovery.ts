import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a client of node-redis, the package `redis`: a single client, cluster, pool or sentinel. */
export interface NodeRedisClient {
  /** True from `connect()` until the client is closed. */
  readonly isOpen: boolean;
  /** Missing on a client with several connections. */
  readonly isReady?: boolean;
  sendCommand(...args: unknown[]): Promise<unknown>;
  /** Missing on a cluster of node-redis 4. */
  ping?(): Promise<unknown>;
  info?(section?: string): Promise<string>;
  /** The master nodes of a cluster. */
  readonly masters?: readonly NodeRedisNode[];
  nodeClient?(node: NodeRedisNode): NodeRedisClient | Promise<NodeRedisClient>;
}

/** A node of a cluster. */
export interface NodeRedisNode {
  readonly address?: string;
}

/** The query of {@link findNodeRedisClients}. */
export const NODE_REDIS_CLIENTS: ObjectQuery<NodeRedisClient> = {
  marks: ['sendCommand', 'store', 'stores'],
  is: isNodeRedis,
  identityOf: targetOf,
  within: clientsOfStores,
};

/** Returns the clients of the application, including those inside a store of Keyv. */
export function findNodeRedisClients(objects: ApplicationObjects): ObjectMatch<NodeRedisClient>[] {
  return objects.find(NODE_REDIS_CLIENTS);
}

/** The query of {@link findOwnNodeRedisClients}. */
export const OWN_NODE_REDIS_CLIENTS: ObjectQuery<NodeRedisClient> = {
  marks: ['sendCommand'],
  is: isNodeRedis,
  identityOf: targetOf,
};

/** Returns the clients that the application has directly, without those that are only inside a store of Keyv. */
export function findOwnNodeRedisClients(objects: ApplicationObjects): ObjectMatch<NodeRedisClient>[] {
  return objects.find(OWN_NODE_REDIS_CLIENTS);
}

/** Returns the client behind a view such as `client.withTypeMapping()`, or the client itself. */
export function targetOf(client: object): object {
  const { _self: target } = client as { readonly _self?: unknown };
  return typeof target === 'object' && target !== null ? target : client;
}

/** Returns the Redis clients inside a store of Keyv, or inside the stores of a cache of cache-manager. */
function clientsOfStores(candidate: object): unknown[] {
  const stores = 'stores' in candidate && Array.isArray(candidate.stores) ? candidate.stores : [candidate];
  return (stores as { readonly store?: { readonly client?: unknown } }[]).map(({ store }) => store?.client);
}

function isNodeRedis(candidate: object): candidate is NodeRedisClient {
  return (
    hasMethods(candidate, 'connect', 'sendCommand', 'multi', 'MULTI') &&
    'isOpen' in candidate &&
    typeof candidate.isOpen === 'boolean'
  );
}
