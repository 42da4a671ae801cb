import { asOwnCall } from '../own-calls.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { NodeRedisClient } from './node-redis.discovery.js';

/** Pings Redis. Rejects if Redis does not answer, and at once without a connection. */
export async function pingNodeRedis(client: NodeRedisClient, signal: AbortSignal): Promise<void> {
  if (!(client.isReady ?? client.isOpen)) throw new Error('the connection is not ready');
  const ping = () => client.ping?.() ?? client.sendCommand(undefined, true, ['PING']);
  await abandonOnAbort(asOwnCall(ping), signal);
}
