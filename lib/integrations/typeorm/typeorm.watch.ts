import { patchMethod } from '../../primitives/method-patch.js';
import { isOwnQuery } from '../own-query.js';
import { commandTagsOf } from '../queries/command-tags.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import type { TypeOrmDataSource } from './typeorm.discovery.js';

/** The names of databases in OpenTelemetry, by those in TypeORM, where these differ. */
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

/** Number of statements of one query runner that may be under way and whose beginning is remembered. */
const UNDER_WAY = 1_000;

interface QueryEvent {
  readonly query: string;
  readonly parameters?: unknown;
  readonly queryRunner: object;
}

interface AfterQueryEvent extends QueryEvent {
  readonly success: boolean;
  readonly error?: unknown;
  /** The result as the driver gives it. */
  readonly rawResults?: unknown;
}

interface UnderWay {
  readonly query: string;
  readonly parameters: unknown;
  readonly startedAt: number;
}

/** Returns the name of a database in OpenTelemetry. */
export function typeOrmSystem({ options }: TypeOrmDataSource): string {
  return SYSTEMS[options.type] ?? options.type;
}

/**
 * Counts the statements of a data source, by a subscriber, also when it has been destroyed and initialized again.
 *
 * @returns a function that ends it
 */
export function watchTypeOrm(dataSource: TypeOrmDataSource, queries: QueryRecorder): () => void {
  const { guard } = queries;
  const recorder = queries.forSystem(typeOrmSystem(dataSource));
  const underWay = new WeakMap<object, UnderWay[]>();
  const subscriber = {
    beforeQuery(event: QueryEvent): void {
      guard.run(() => {
        const { query, parameters, queryRunner } = event;
        const list = underWay.get(queryRunner) ?? [];
        if (list.length === 0) underWay.set(queryRunner, list);
        // What has not ended by now may never do so.
        if (list.length >= UNDER_WAY) list.shift();
        list.push({ query, parameters, startedAt: recorder.now() });
      });
    },
    afterQuery(event: AfterQueryEvent): void {
      guard.run(() => {
        const { query, parameters, queryRunner, success, error, rawResults } = event;
        const begun = takeBegun(underWay.get(queryRunner) ?? [], query, parameters);
        if (begun === undefined || typeof query !== 'string' || isOwnQuery(query)) return;
        const failure = success ? undefined : (error ?? new Error('unknown'));
        recorder.end(query, begun.startedAt, failure, commandTagsOf(rawResults));
      });
    },
  };
  const subscribe = (): void => {
    if (!dataSource.subscribers.includes(subscriber)) dataSource.subscribers.push(subscriber);
  };
  const unsubscribe = (): void => {
    const at = dataSource.subscribers.indexOf(subscriber);
    if (at >= 0) dataSource.subscribers.splice(at, 1);
  };
  // It makes its list of subscribers anew. What it sends by itself meanwhile is not counted at the first time either.
  const restore = patchMethod(dataSource, 'initialize', guard, () => {
    unsubscribe();
    return { fulfilled: subscribe, rejected: subscribe };
  });
  if (dataSource.isInitialized) subscribe();
  return () => {
    restore();
    unsubscribe();
  };
}

/**
 * Returns the beginning of the statement that has ended, which only its text and parameters identify. Some drivers
 * copy the parameters in between: then it is the one of this text that was first begun.
 */
function takeBegun(list: UnderWay[], query: string, parameters: unknown): UnderWay | undefined {
  const exact = list.findIndex((begun) => begun.query === query && begun.parameters === parameters);
  const at = exact >= 0 ? exact : list.findIndex((begun) => begun.query === query);
  return at >= 0 ? list.splice(at, 1)[0] : undefined;
}
