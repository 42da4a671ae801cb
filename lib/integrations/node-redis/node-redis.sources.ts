import type { ApplicationObjects } from '../application-objects.integration.js';
import { nodeName, type RedisSource } from '../redis/redis-source.js';
import { findNodeRedisClients, type NodeRedisClient } from './node-redis.discovery.js';

/** Returns the servers of the connected clients. A cluster is one server for each master node. */
export function nodeRedisSources(objects: ApplicationObjects): RedisSource[] {
  return findNodeRedisClients(objects)
    .filter(({ instance }) => instance.isOpen)
    .flatMap(({ name, instance }) => {
      const { masters } = instance;
      if (!hasNodes(instance) || masters === undefined) return [sourceOf(name, instance)];
      return masters.map((node) => {
        const fullName = nodeName(name, String(node.address));
        return { name: fullName, info: async () => readInfo(fullName, await instance.nodeClient(node)) };
      });
    });
}

/** Returns true for a cluster. */
function hasNodes(
  client: NodeRedisClient,
): client is NodeRedisClient & Required<Pick<NodeRedisClient, 'nodeClient'>> {
  return client.nodeClient !== undefined;
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
