import { patchMethod } from '../method-patch.js';
import type { RedisRecorder } from '../redis/redis-recorder.js';
import type { NodeRedisClient } from './node-redis.discovery.js';

/** Counts the commands of one client, without those of `multi()`. @returns how to end that */
export function watchNodeRedis(client: NodeRedisClient, name: string, recorder: RedisRecorder): () => void {
  // What createClient() gives is a view of the client, which sends the commands itself.
  const { _self: sender = client } = client as { readonly _self?: object };
  return patchMethod(
    sender,
    'sendCommand',
    (original) =>
      async function (this: unknown, ...args) {
        const [command] = args[0] as readonly unknown[];
        const startedAt = recorder.now();
        let failed = true;
        try {
          const reply = await original.apply(this, args);
          failed = false;
          return reply;
        } finally {
          recorder.end(name, command, startedAt, failed);
        }
      },
  );
}
