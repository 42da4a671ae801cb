import { asOwnCall } from '../own-calls.js';
import { abandonOnAbort } from '../abandoned-work.js';
import type { BullMqBase, BullMqQueue, BullMqRedis } from './bullmq.discovery.js';

/** Pings the Redis of a queue or a worker. Rejects if Redis does not answer. */
export async function pingBullMq(queue: BullMqBase, signal: AbortSignal): Promise<void> {
  await abandonOnAbort(
    asOwnCall(() => sendPing(queue)),
    signal,
  );
}

/** Returns the number of jobs of a queue in each state. Rejects if Redis does not answer. */
export async function countBullMqJobs(
  queue: BullMqQueue,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  return abandonOnAbort(
    asOwnCall(async () => {
      await readyClient(queue);
      return queue.getJobCounts();
    }),
    signal,
  );
}

async function sendPing(queue: BullMqBase): Promise<void> {
  const client = await readyClient(queue);
  await (client?.ping?.() ?? client?.info());
}

/** Returns the connection to Redis, or undefined for another backend. Rejects if either is not ready. */
export async function readyClient(queue: BullMqBase): Promise<BullMqRedis | undefined> {
  const backend = queue.getBackend?.();
  const client = await (backend === undefined ? queue.client : backend.client);
  if (client === undefined) await backend?.waitUntilReady();
  // A command would be queued until the connection is back.
  else if (client.status !== undefined && client.status !== 'ready') {
    throw new Error(`the connection is not ready (${client.status})`);
  }
  return client;
}
