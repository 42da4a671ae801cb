import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { asOwnCall } from '../own-calls.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

/** The part of a `Redis` or a `Cluster` of ioredis that is used. */
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
  /** The nodes of a cluster. */
  nodes?(role: 'master'): readonly IoRedisClient[];
}

interface IoRedisPipeline {
  ping(): IoRedisPipeline;
  exec(): Promise<readonly (readonly [error: unknown, reply: unknown])[] | null>;
}

export function findIoRedisClients(objects: ApplicationObjects): Found<IoRedisClient>[] {
  return objects.find({ is: isIoRedis });
}

/**
 * Pings Redis; rejects if it does not answer. Without a connection that is at once, since the command would only wait in a
 * queue; a client that has not been used yet connects.
 */
export async function pingIoRedis(client: IoRedisClient, signal: AbortSignal): Promise<void> {
  if (client.status !== 'ready' && client.status !== 'wait') {
    throw new Error(`the connection is not ready (${client.status})`);
  }
  await untilAborted(
    asOwnCall(() => sendPing(client)),
    signal,
  );
}

/** A ping that is pipelined automatically would be sent with commands of the application, and they with it. */
async function sendPing(client: IoRedisClient): Promise<void> {
  if (client.options?.enableAutoPipelining !== true || client.pipeline === undefined) {
    await client.ping();
    return;
  }
  const [[error] = []] = (await client.pipeline().ping().exec()) ?? [];
  if (error instanceof Error) throw error;
}

function isIoRedis(candidate: object): candidate is IoRedisClient {
  return (
    hasMethods(candidate, 'call', 'duplicate', 'sendCommand', 'ping', 'info') &&
    'status' in candidate &&
    typeof candidate.status === 'string'
  );
}
