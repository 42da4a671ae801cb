import { asOwnCall } from '../own-calls.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { IoRedisClient } from './ioredis.discovery.js';
import { isError } from '../../primitives/is-error.js';

/**
 * Pings Redis. Rejects if Redis does not answer, and at once without a connection, since the command would be queued. A
 * lazy client that has not been used yet connects.
 */
export async function pingIoRedis(client: IoRedisClient, signal: AbortSignal): Promise<void> {
  if (client.status !== 'ready' && client.status !== 'wait') {
    throw new Error(`the connection is not ready (${client.status})`);
  }
  await abandonOnAbort(
    asOwnCall(() => sendPing(client)),
    signal,
  );
}

/** Sends a ping in a pipeline of its own, since auto-pipelining would send it along with commands of the application. */
async function sendPing(client: IoRedisClient): Promise<void> {
  if (client.options?.enableAutoPipelining !== true || client.pipeline === undefined) {
    await client.ping();
    return;
  }
  const [[error] = []] = (await client.pipeline().ping().exec()) ?? [];
  if (isError(error)) throw error;
}
