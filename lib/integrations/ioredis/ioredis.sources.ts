import type { ApplicationObjects } from '../application-objects.integration.js';
import { nodeName, type RedisSource } from '../redis/redis-source.js';
import { findIoRedisClients, type IoRedisClient } from './ioredis.discovery.js';

/** Returns the servers of the connected clients. A cluster is one server for each master node. */
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
      // Only `wait` connects on use, as a node of a cluster does. In other states the command would be queued.
      const { status } = client;
      if (status === 'ready' || status === 'wait') return client.info();
      return Promise.reject(new Error(`the connection of ${name} is not ready (${status})`));
    },
  };
}

function addressOf({ options }: IoRedisClient): string {
  return `${options?.host}:${options?.port}`;
}
