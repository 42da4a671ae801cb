import type { ApplicationObjects } from '../application-objects.integration.js';
import type { ObjectMatch, ObjectQuery } from '../object-search.js';
import { hasMethods } from '../object-shape.js';

/** The names of database systems in OpenTelemetry, by the TypeORM types that differ from them. */
const SYSTEMS: Readonly<Record<string, string>> = {
  postgres: 'postgresql',
  'aurora-postgres': 'postgresql',
  'aurora-mysql': 'mysql',
  cockroachdb: 'cockroachdb',
  mssql: 'microsoft.sql_server',
  oracle: 'oracle.db',
  sap: 'sap.hana',
  sqljs: 'sqlite',
  'better-sqlite3': 'sqlite',
};

/** The end of the tokens of `@nestjs/typeorm`, after the name of the data source. */
const TOKEN_SUFFIX = 'DataSource';

/** The used part of a `DataSource` of TypeORM 0.3 or 1. */
export interface TypeOrmDataSource {
  readonly name?: string;
  readonly isInitialized: boolean;
  readonly options: { readonly type: string; readonly database?: unknown };
  readonly driver: object;
  readonly subscribers: unknown[];
  readonly entityMetadatas: readonly { readonly name: string; readonly tableName: string }[];
  createQueryRunner(): TypeOrmQueryRunner;
  /** Loads lazy relations. */
  readonly relationLoader?: object;
}

/** The used part of a `QueryRunner` of TypeORM. */
export interface TypeOrmQueryRunner {
  query(sql: string): Promise<unknown>;
  release(): Promise<void>;
  /** Only with MongoDB. */
  readonly databaseConnection?: { db(name?: unknown): { command(command: object): Promise<unknown> } };
}

/** The query of {@link findTypeOrmDataSources}. */
export const TYPEORM_DATA_SOURCES: ObjectQuery<TypeOrmDataSource> = {
  marks: ['createQueryRunner'],
  is: isDataSource,
  nameOf: ({ name }, location) => name ?? dataSourceName(location),
};

/** Returns the data sources of the application, each under its name in `@InjectDataSource()`. */
export function findTypeOrmDataSources(objects: ApplicationObjects): ObjectMatch<TypeOrmDataSource>[] {
  return objects.find(TYPEORM_DATA_SOURCES);
}

function isDataSource(candidate: object): candidate is TypeOrmDataSource {
  return (
    hasMethods(candidate, 'createQueryRunner', 'initialize', 'destroy', 'getMetadata') &&
    'driver' in candidate &&
    'subscribers' in candidate &&
    Array.isArray(candidate.subscribers)
  );
}

/** Returns the name of a data source by its token: `DataSource` is `default`, `usersDataSource` is `users`. */
export function dataSourceName(location: string): string {
  if (location === TOKEN_SUFFIX) return 'default';
  return location.endsWith(TOKEN_SUFFIX) ? location.slice(0, -TOKEN_SUFFIX.length) : location;
}

/** Returns the pools of `pg` or `mysql2` of a data source: one for writes, and one for each replica. */
export function typeOrmPools({ driver }: Pick<TypeOrmDataSource, 'driver'>): unknown[] {
  const { master, slaves, pool } = driver as { master?: unknown; slaves?: unknown; pool?: unknown };
  return [master, pool, ...(Array.isArray(slaves) ? (slaves as unknown[]) : [])];
}

/** Returns the name of the database system in OpenTelemetry. */
export function typeOrmSystem({ options }: TypeOrmDataSource): string {
  return SYSTEMS[options.type] ?? options.type;
}

/** Returns true for an object with a driver, such as a data source. */
export function hasDriver(candidate: object): candidate is { readonly driver: object } {
  return 'driver' in candidate && typeof candidate.driver === 'object' && candidate.driver !== null;
}

/** Returns a finder that leaves out the pools of TypeORM, whose statements are recorded by its data sources. */
export function withoutTypeOrm<T extends object>(
  find: (objects: ApplicationObjects) => readonly ObjectMatch<T>[],
): (objects: ApplicationObjects) => readonly ObjectMatch<T>[] {
  return (objects) => {
    const dataSources = findTypeOrmDataSources(objects);
    const typeOrmOwned = new Set<unknown>(dataSources.flatMap(({ instance }) => typeOrmPools(instance)));
    return find(objects).filter(({ instance }) => !typeOrmOwned.has(instance));
  };
}
