import type { ApplicationObjects } from '../application-objects.integration.js';
import { nodeName, type RedisSource } from '../redis/redis-source.js';
import { findIoRedisClients, type IoRedisClient } from './ioredis.discovery.js';

/** Returns the servers of the clients that are in use. A cluster is each of its masters, not whichever one answers. */
export function ioRedisSources(objects: ApplicationObjects): RedisSource[] {
  return findIoRedisClients(objects)
    .filter(({ instance }) => instance.status !== 'wait')
    .flatMap(({ name, instance }) => {
      const masters = instance.nodes?.('master') ?? [];
      return masters.length === 0
        ? [sourceOf(name, instance)]
        : masters.map((node) => sourceOf(nodeName(name, addressOf(node)), node));
    });
}

function sourceOf(name: string, client: IoRedisClient): RedisSource {
  return {
    name,
    info: () => {
      // A node of a cluster connects when it is first used; without a connection the command would wait in a queue.
      const { status } = client;
      if (status === 'ready' || status === 'wait') return client.info();
      return Promise.reject(new Error(`the connection of ${name} is not ready (${status})`));
    },
  };
}

function addressOf({ options }: IoRedisClient): string {
  return `${options?.host}:${options?.port}`;
}
