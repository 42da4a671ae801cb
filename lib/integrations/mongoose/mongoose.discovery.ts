import type { ApplicationObjects, Found } from '../application-objects.integration.js';
import { hasMethods } from '../structure.js';
import { untilAborted } from '../until-aborted.js';

const CONNECTED = 1;

/** What is used of a `Connection` of Mongoose. */
export interface MongooseConnection {
  /** The name of the database. */
  readonly name?: string;
  readonly readyState: number;
  getClient?(): unknown;
  readonly db?: { command(command: object): Promise<unknown> } | undefined;
}

/** The connections of the application. */
export function findMongooseConnections(objects: ApplicationObjects): Found<MongooseConnection>[] {
  return objects.find({
    is: isConnection,
    // What `@nestjs/mongoose` provides the default one by.
    nameOf: (_, place) => (place === 'DatabaseConnection' ? 'default' : place),
  });
}

/** Whether the database answers; rejects if not, at once where there is no connection. */
export async function pingMongoose(connection: MongooseConnection, signal: AbortSignal): Promise<void> {
  const { db, readyState } = connection;
  if (readyState !== CONNECTED || db === undefined) throw new Error('there is no connection');
  await untilAborted(db.command({ ping: 1 }), signal);
}

function isConnection(candidate: object): candidate is MongooseConnection {
  return (
    hasMethods(candidate, 'openUri', 'model', 'asPromise', 'createCollection') && 'readyState' in candidate
  );
}
