import type { ApplicationObjects } from '../application-objects.integration.js';
import { nodeName, type RedisSource } from '../redis/redis-source.js';
import { findNodeRedisClients, type NodeRedisClient, type NodeRedisNode } from './node-redis.discovery.js';

/** Returns the servers of the clients that are in use. A cluster is each of its masters, not whichever one answers. */
export function nodeRedisSources(objects: ApplicationObjects): RedisSource[] {
  return findNodeRedisClients(objects)
    .filter(({ instance }) => instance.isOpen)
    .flatMap(({ name, instance }) => {
      const { masters } = instance;
      if (instance.nodeClient === undefined || masters === undefined) return [sourceOf(name, instance)];
      return masters.map((node) => nodeSource(nodeName(name, String(node.address)), instance, node));
    });
}

function sourceOf(name: string, client: NodeRedisClient): RedisSource {
  return { name, info: () => readInfo(name, client) };
}

function nodeSource(name: string, cluster: NodeRedisClient, node: NodeRedisNode): RedisSource {
  return { name, info: async () => readInfo(name, await cluster.nodeClient!(node)) };
}

async function readInfo(name: string, client: NodeRedisClient): Promise<string> {
  if (!(client.isReady ?? client.isOpen) || client.info === undefined) {
    throw new Error(`the connection of ${name} is not ready`);
  }
  return client.info();
}
