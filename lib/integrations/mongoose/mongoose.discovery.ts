import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The used part of a `Connection` of Mongoose. */
export interface MongooseConnection {
  /** The name of the database. */
  readonly name?: string;
  readonly readyState: number;
  getClient?(): unknown;
  readonly db?: { command(command: object): Promise<unknown> } | undefined;
}

/** The query of {@link findMongooseConnections}. */
export const MONGOOSE_CONNECTIONS: ObjectQuery<MongooseConnection> = {
  marks: ['openUri'],
  is: isConnection,
  nameOf: (_, location) => (location === 'DatabaseConnection' ? 'default' : location),
};

/** Returns the connections of the application. The default one of `@nestjs/mongoose` is named `default`. */
export function findMongooseConnections(objects: ApplicationObjects): ObjectMatch<MongooseConnection>[] {
  return objects.find(MONGOOSE_CONNECTIONS);
}

function isConnection(candidate: object): candidate is MongooseConnection {
  return (
    hasMethods(candidate, 'openUri', 'model', 'asPromise', 'createCollection') && 'readyState' in candidate
  );
}
