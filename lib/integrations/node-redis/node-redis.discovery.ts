import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { asOwnCall } from '../own-calls.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** The part of a client of node-redis, the package `redis`, that is used: single, cluster, pool or sentinel. */
export interface NodeRedisClient {
  /** False before it is told to connect, and after it is closed. */
  readonly isOpen: boolean;
  /** Missing where several connections are used. */
  readonly isReady?: boolean;
  sendCommand(...args: unknown[]): Promise<unknown>;
  /** Missing in a cluster of node-redis 4. */
  ping?(): Promise<unknown>;
  info?(section?: string): Promise<string>;
  /** The nodes of a cluster. */
  readonly masters?: readonly NodeRedisNode[];
  nodeClient?(node: NodeRedisNode): NodeRedisClient | Promise<NodeRedisClient>;
}

/** One node of a cluster. */
export interface NodeRedisNode {
  readonly address?: string;
}

/** The clients of the application, also those that a store of Keyv has. */
export function findNodeRedisClients(objects: ApplicationObjects): Found<NodeRedisClient>[] {
  return objects.find<NodeRedisClient>({ is: isNodeRedis, identityOf: targetOf, within: clientsOfStores });
}

/** The clients that the application has itself, not those that only a store of Keyv has, which is a cache. */
export function findOwnNodeRedisClients(objects: ApplicationObjects): Found<NodeRedisClient>[] {
  return objects.find<NodeRedisClient>({ is: isNodeRedis, identityOf: targetOf });
}

/** Returns the client that a view of it stands for, such as `client.withTypeMapping()`, and that sends its commands. */
export function targetOf(client: object): object {
  const { _self: target } = client as { readonly _self?: unknown };
  return typeof target === 'object' && target !== null ? target : client;
}

/** Pings Redis; rejects if it does not answer, at once where there is no connection. */
export async function pingNodeRedis(client: NodeRedisClient, signal: AbortSignal): Promise<void> {
  if (!(client.isReady ?? client.isOpen)) throw new Error('the connection is not ready');
  const ping = () => client.ping?.() ?? client.sendCommand(undefined, true, ['PING']);
  await untilAborted(asOwnCall(ping), signal);
}

/** A cache of cache-manager has stores of Keyv, and a store that keeps its values in Redis has a client. */
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
