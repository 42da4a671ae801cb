import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of a client of node-redis, the package `redis`. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  ping(): Promise<unknown>;
  info(section?: string): Promise<string>;
}

/** The clients of the application, also those that a store of Keyv has. */
export function findNodeRedisClients(objects: ApplicationObjects): Found<NodeRedisClient>[] {
  return objects.find({ is: isNodeRedis });
}

/** Whether Redis answers; rejects if not, at once where there is no connection. */
export async function pingNodeRedis(client: NodeRedisClient, signal: AbortSignal): Promise<void> {
  if (!client.isReady) throw new Error('the connection is not ready');
  await untilAborted(client.ping(), signal);
}

function isNodeRedis(candidate: object): candidate is NodeRedisClient {
  return (
    hasMethods(candidate, 'sendCommand', 'ping', 'info', 'multi') &&
    'isReady' in candidate &&
    typeof candidate.isReady === 'boolean'
  );
}
