import { patchMethod } from '../method-patch.js';
import type { RedisRecorder } from '../redis/redis-recorder.js';
import type { IoRedisClient } from './ioredis.discovery.js';

type Settle = (value: unknown) => void;

/** A command of ioredis, which may be sent more than once. */
interface Command {
  readonly name: string;
  resolve: Settle;
  reject: Settle;
}

/**
 * Counts the commands of one client, also those of its pipelines. Its diagnostics channels would tell of every client
 * in the process, and not of which one. @returns how to end that
 */
export function watchIoRedis(client: IoRedisClient, name: string, recorder: RedisRecorder): () => void {
  const seen = new WeakSet<Command>();
  return patchMethod(
    client,
    'sendCommand',
    (original) =>
      function (this: unknown, ...args) {
        const [command] = args as unknown as [Command];
        if (!seen.has(command)) {
          seen.add(command);
          watchCommand(command, name, recorder);
        }
        return original.apply(this, args);
      },
  );
}

/** Not by its promise: who handles the error of a promise takes from the application that nobody does. */
function watchCommand(command: Command, client: string, recorder: RedisRecorder): void {
  const { name, resolve, reject } = command;
  if (typeof resolve !== 'function' || typeof reject !== 'function') return;
  const startedAt = recorder.now();
  command.resolve = (value) => {
    recorder.end(client, name, startedAt, false);
    resolve(value);
  };
  command.reject = (error) => {
    recorder.end(client, name, startedAt, true);
    reject(error);
  };
}
