import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a `Redis` or a `Cluster` of ioredis. */
export interface IoRedisClient {
  readonly status: string;
  readonly options?: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly enableAutoPipelining?: boolean | undefined;
  };
  ping(): Promise<unknown>;
  info(...sections: string[]): Promise<string>;
  pipeline?(): IoRedisPipeline;
  /** Returns the nodes of a cluster. Missing on a single client. */
  nodes?(role: 'master'): readonly IoRedisClient[];
}

interface IoRedisPipeline {
  ping(): IoRedisPipeline;
  exec(): Promise<readonly (readonly [error: unknown, reply: unknown])[] | null>;
}

/** The query of {@link findIoRedisClients}. */
export const IOREDIS_CLIENTS: ObjectQuery<IoRedisClient> = {
  marks: ['sendCommand'],
  is: isIoRedis,
};

/** Returns the clients and clusters of the application. */
export function findIoRedisClients(objects: ApplicationObjects): ObjectMatch<IoRedisClient>[] {
  return objects.find(IOREDIS_CLIENTS);
}

function isIoRedis(candidate: object): candidate is IoRedisClient {
  return (
    hasMethods(candidate, 'call', 'duplicate', 'sendCommand', 'ping', 'info') &&
    'status' in candidate &&
    typeof candidate.status === 'string'
  );
}
