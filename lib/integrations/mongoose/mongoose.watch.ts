import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import type { Operation } from '../queries/query-class.js';
import { UNKNOWN_TABLE } from '../queries/query-class.js';
import type { QueryRecorder, SystemRecorder } from '../queries/query-recorder.js';
import type { MongooseConnection } from './mongoose.discovery.js';

/** Number of commands under way whose collection is remembered. */
const UNDER_WAY = 10_000;

/** The commands that an application sends for its data; what else there is keeps the connection up. */
const OPERATIONS: ReadonlyMap<unknown, Operation> = new Map([
  ...(['find', 'aggregate', 'count', 'distinct', 'getMore'] as const).map(
    (name) => [name, 'select'] as const,
  ),
  ['insert', 'insert'],
  ['update', 'update'],
  ['findAndModify', 'update'],
  ['delete', 'delete'],
  ['commitTransaction', 'commit'],
  ['abortTransaction', 'rollback'],
  ...(['create', 'createIndexes', 'drop', 'dropIndexes'] as const).map((name) => [name, 'ddl'] as const),
]);

interface CommandEvent {
  readonly requestId: number;
  readonly commandName: string;
}

interface CommandStarted extends CommandEvent {
  readonly command: Readonly<Record<string, unknown>>;
}

interface CommandEnded extends CommandEvent {
  /** In milliseconds. */
  readonly duration: number;
  readonly failure?: unknown;
  /** Of a command that has been executed, though not all that it asks for may have been. */
  readonly reply?: {
    readonly writeErrors?: readonly unknown[];
    readonly writeConcernError?: unknown;
  } | null;
}

/**
 * Counts the commands of a connection that is made with `monitorCommands: true`; the driver tells nobody of them
 * otherwise. A connection that is opened again has another client.
 *
 * @returns a function that ends it
 */
export function watchMongoose(connection: MongooseConnection, queries: QueryRecorder): () => void {
  const { guard, watches } = queries;
  const recorder = queries.forSystem('mongodb');
  let watched: unknown;
  let release: (() => void) | undefined;
  const watchClient = (): void => {
    const client = connection.getClient?.();
    if (typeof client !== 'object' || client === null || client === watched) return;
    release?.();
    watched = client;
    // Several connections may share a client.
    release = watches.hold(client, () => watchCommands(client, guard, recorder));
  };
  guard.run(watchClient);
  const stop = listenTo(connection, 'connected', guard, watchClient);
  return () => {
    stop();
    release?.();
  };
}

function watchCommands(client: object, guard: Guard, recorder: SystemRecorder): () => void {
  const collections = new Map<number, string>();

  const started = ({ requestId, commandName, command }: CommandStarted): void => {
    if (!OPERATIONS.has(commandName)) return;
    const collection = commandName === 'getMore' ? command['collection'] : command[commandName];
    collections.set(requestId, typeof collection === 'string' ? collection : UNKNOWN_TABLE);
    if (collections.size > UNDER_WAY) {
      // What has not ended by now may never do so.
      for (const oldest of collections.keys()) {
        collections.delete(oldest);
        break;
      }
    }
    if (command['startTransaction'] === true) recorder.endTransactionStep('begun');
  };
  const ended = ({ requestId, commandName, duration, failure, reply }: CommandEnded): void => {
    const operation = OPERATIONS.get(commandName);
    const table = collections.get(requestId);
    if (operation === undefined || table === undefined) return;
    collections.delete(requestId);
    const error = failure ?? reply?.writeErrors?.[0] ?? reply?.writeConcernError ?? undefined;
    recorder.endCommand({ operation, table }, duration, error);
    if (error !== undefined) return;
    if (operation === 'commit') recorder.endTransactionStep('committed');
    if (operation === 'rollback') recorder.endTransactionStep('rolled_back');
  };

  const stops = [
    listenTo(client, 'commandStarted', guard, started),
    listenTo(client, 'commandSucceeded', guard, ended),
    listenTo(client, 'commandFailed', guard, ended),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
