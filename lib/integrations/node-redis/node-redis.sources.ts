import type { ApplicationObjects } from '../application-objects.integration.js';
import { nodeName, type RedisSource } from '../redis/redis-source.js';
import { findNodeRedisClients, type NodeRedisClient } from './node-redis.discovery.js';

/** Returns the servers of the connected clients. A cluster is one server for each master node. */
export function nodeRedisSources(objects: ApplicationObjects): RedisSource[] {
  return findNodeRedisClients(objects)
    .filter(({ instance }) => instance.isOpen)
    .flatMap(({ name, instance }) => {
      const { masters, nodeClient } = instance;
      if (nodeClient === undefined || masters === undefined) return [sourceOf(name, instance)];
      return masters.map((node) => ({
        name: nodeName(name, String(node.address)),
        info: async () =>
          readInfo(nodeName(name, String(node.address)), await nodeClient.call(instance, node)),
      }));
    });
}

function sourceOf(name: string, client: NodeRedisClient): RedisSource {
  return { name, info: () => readInfo(name, client) };
}

async function readInfo(name: string, client: NodeRedisClient): Promise<string> {
  if (!(client.isReady ?? client.isOpen) || client.info === undefined) {
    throw new Error(`the connection of ${name} is not ready`);
  }
  return client.info();
}
