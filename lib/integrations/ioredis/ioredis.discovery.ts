import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** What is used of a `Redis` or a `Cluster` of ioredis. */
export interface IoRedisClient {
  readonly status: string;
  ping(): Promise<unknown>;
  info(...sections: string[]): Promise<string>;
}

export function findIoRedisClients(objects: ApplicationObjects): Found<IoRedisClient>[] {
  return objects.find({ is: isIoRedis });
}

/**
 * Whether Redis answers; rejects if not. Without a connection that is at once, since the command would only wait in a
 * queue; a client that has not been used yet connects.
 */
export async function pingIoRedis(client: IoRedisClient, signal: AbortSignal): Promise<void> {
  if (client.status !== 'ready' && client.status !== 'wait') {
    throw new Error(`the connection is not ready (${client.status})`);
  }
  await untilAborted(client.ping(), signal);
}

function isIoRedis(candidate: object): candidate is IoRedisClient {
  return (
    hasMethods(candidate, 'call', 'duplicate', 'sendCommand', 'ping', 'info') &&
    'status' in candidate &&
    typeof candidate.status === 'string'
  );
}
