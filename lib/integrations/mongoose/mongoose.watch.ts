import type { Operation } from '../queries/query-class.js';
import { UNKNOWN_TABLE } from '../queries/query-class.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import type { MongooseConnection } from './mongoose.discovery.js';

/** How many commands may be under way whose collection is remembered. */
const UNDER_WAY = 10_000;

/** The commands that an application sends for its data; what else there is keeps the connection up. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  find: 'select',
  aggregate: 'select',
  count: 'select',
  distinct: 'select',
  getMore: 'select',
  insert: 'insert',
  update: 'update',
  findAndModify: 'update',
  delete: 'delete',
  commitTransaction: 'commit',
  abortTransaction: 'rollback',
  create: 'ddl',
  createIndexes: 'ddl',
  drop: 'ddl',
  dropIndexes: 'ddl',
};

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
}

type Listener = (event: never) => void;

interface MongoClient {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/**
 * Counts the commands of a connection that is made with `monitorCommands: true`; the driver tells nobody of them
 * otherwise. @returns how to end that
 */
export function watchMongoose(connection: MongooseConnection, queries: QueryRecorder): () => void {
  const client = connection.getClient?.() as MongoClient | undefined;
  if (client === undefined) return () => undefined;
  const recorder = queries.forSystem('mongodb');
  const collections = new Map<number, string>();

  const started = ({ requestId, commandName, command }: CommandStarted): void => {
    if (OPERATIONS[commandName] === undefined || collections.size >= UNDER_WAY) return;
    const collection = commandName === 'getMore' ? command['collection'] : command[commandName];
    collections.set(requestId, typeof collection === 'string' ? collection : UNKNOWN_TABLE);
  };
  const ended = ({ requestId, commandName, duration, failure }: CommandEnded): void => {
    const operation = OPERATIONS[commandName];
    const table = collections.get(requestId);
    if (operation === undefined || table === undefined) return;
    collections.delete(requestId);
    recorder.endAfter({ operation, table }, duration, failure);
  };

  const listeners: readonly [string, Listener][] = [
    ['commandStarted', started],
    ['commandSucceeded', ended],
    ['commandFailed', ended],
  ];
  for (const [event, listener] of listeners) client.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) client.off(event, listener);
  };
}
