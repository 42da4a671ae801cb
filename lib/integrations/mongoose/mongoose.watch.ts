import { UNKNOWN_TABLE } from '../../metrics/label-values.js';
import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import type { OperationWait } from '../operation-waits.js';
import type { Operation } from '../queries/query-class.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import type { SystemRecorder } from '../queries/system.recorder.js';
import { stopAll } from '../stop-all.js';
import { commandShape } from './command-shape.js';
import type { MongooseConnection } from './mongoose.discovery.js';
import { watchMongoPoolWaits } from './mongoose.pool-waits.js';

/** Number of commands in flight that are tracked for one client. */
const MAX_IN_FLIGHT = 10_000;

/** The recorded commands. The others maintain the connection, such as `hello`. */
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

/** The command that continues another one, of which it reads the next rows. */
const CONTINUATION = 'getMore';

/** A command in flight. */
interface StartedCommand {
  readonly table: string;
  readonly wait: OperationWait | undefined;
}

interface CommandEvent {
  readonly requestId: number;
  readonly commandName: string;
}

interface CommandStarted extends CommandEvent {
  readonly command: Readonly<Record<string, unknown>>;
}

interface CommandEnded extends CommandEvent {
  /** Duration in milliseconds. */
  readonly duration: number;
  readonly failure?: unknown;
  /** The reply of a command that succeeded, which may still report errors of single writes. */
  readonly reply?: {
    readonly writeErrors?: readonly unknown[];
    readonly writeConcernError?: unknown;
  } | null;
}

/**
 * Records the commands of a connection with `monitorCommands: true`, without which the driver emits no events of them, and
 * the waits for its pool, whose events it always emits. A connection that is opened again has a new client.
 *
 * @returns a function that stops the watch
 */
export function watchMongoose(connection: MongooseConnection, queries: QueryRecorder): () => void {
  const { guard, watches } = queries;
  const recorder = queries.forSystem('mongodb');
  let watchedClient: unknown;
  let release: (() => void) | undefined;
  const watchClient = (): void => {
    const client = connection.getClient?.();
    if (typeof client !== 'object' || client === null || client === watchedClient) return;
    release?.();
    watchedClient = client;
    // Several connections may share a client.
    release = watches.acquire(client, () =>
      stopAll([watchCommands(client, guard, recorder), watchMongoPoolWaits(client, queries)]),
    );
  };
  guard.run(watchClient);
  const stop = listenTo(connection, 'connected', guard, watchClient);
  return () => {
    stop();
    release?.();
  };
}

function watchCommands(client: object, guard: Guard, recorder: SystemRecorder): () => void {
  const inFlight = new Map<number, StartedCommand>();

  const begin = ({ requestId, commandName, command }: CommandStarted): void => {
    if (!OPERATIONS.has(commandName)) return;
    const value = commandName === CONTINUATION ? command['collection'] : command[commandName];
    const collection = typeof value === 'string' ? value : undefined;
    // The driver emits the event in the async context of the sender.
    const wait = guard.run(() =>
      recorder.beginCommand(() =>
        commandName === CONTINUATION ? undefined : commandShape(commandName, collection, command),
      ),
    );
    inFlight.set(requestId, { table: collection ?? UNKNOWN_TABLE, wait });
    if (inFlight.size > MAX_IN_FLIGHT) {
      // The oldest one may never end.
      for (const oldest of inFlight.keys()) {
        inFlight.delete(oldest);
        break;
      }
    }
    if (command['startTransaction'] === true) recorder.recordTransaction('begun');
  };
  const end = ({ requestId, commandName, duration, failure, reply }: CommandEnded): void => {
    const operation = OPERATIONS.get(commandName);
    const started = inFlight.get(requestId);
    if (operation === undefined || started === undefined) return;
    inFlight.delete(requestId);
    const error = failure ?? reply?.writeErrors?.[0] ?? reply?.writeConcernError ?? undefined;
    started.wait?.end(undefined, error !== undefined);
    recorder.endCommand({ operation, table: started.table }, duration, error);
    if (error !== undefined) return;
    if (operation === 'commit') recorder.recordTransaction('committed');
    if (operation === 'rollback') recorder.recordTransaction('rolled_back');
  };

  return stopAll([
    listenTo(client, 'commandStarted', guard, begin),
    listenTo(client, 'commandSucceeded', guard, end),
    listenTo(client, 'commandFailed', guard, end),
  ]);
}
