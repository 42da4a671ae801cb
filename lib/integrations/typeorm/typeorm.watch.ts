import { isOwnQuery } from '../own-query.js';
import type { QueryRecorder } from '../queries/query-recorder.js';
import type { TypeOrmDataSource } from './typeorm.discovery.js';

/** What TypeORM calls a database, and what it is called in OpenTelemetry, where these differ. */
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

/** How many statements of one query runner may be under way whose beginning is remembered. */
const UNDER_WAY = 1_000;

interface QueryEvent {
  readonly query: string;
  readonly parameters?: unknown;
  readonly queryRunner: object;
}

interface AfterQueryEvent extends QueryEvent {
  readonly success: boolean;
  readonly error?: unknown;
}

interface UnderWay {
  readonly query: string;
  readonly parameters: unknown;
  readonly startedAt: number;
}

/** What a database is called in OpenTelemetry. */
export function typeOrmSystem({ options }: TypeOrmDataSource): string {
  return SYSTEMS[options.type] ?? options.type;
}

/** Counts the statements of a data source, by a subscriber. @returns how to end that */
export function watchTypeOrm(dataSource: TypeOrmDataSource, queries: QueryRecorder): () => void {
  const recorder = queries.forSystem(typeOrmSystem(dataSource));
  const underWay = new WeakMap<object, UnderWay[]>();
  const subscriber = {
    beforeQuery({ query, parameters, queryRunner }: QueryEvent): void {
      const list = underWay.get(queryRunner) ?? [];
      if (list.length === 0) underWay.set(queryRunner, list);
      if (list.length < UNDER_WAY) list.push({ query, parameters, startedAt: recorder.now() });
    },
    afterQuery({ query, parameters, queryRunner, success, error }: AfterQueryEvent): void {
      const begun = takeBegun(underWay.get(queryRunner) ?? [], query, parameters);
      if (begun === undefined || isOwnQuery(query)) return;
      recorder.end(query, begun.startedAt, success ? undefined : (error ?? new Error('unknown')));
    },
  };
  dataSource.subscribers.push(subscriber);
  return () => {
    const at = dataSource.subscribers.indexOf(subscriber);
    if (at >= 0) dataSource.subscribers.splice(at, 1);
  };
}

/**
 * Nothing but what it is tells which of several statements has ended. Some drivers copy the parameters in between:
 * then it is the one of this text that was first begun.
 */
function takeBegun(list: UnderWay[], query: string, parameters: unknown): UnderWay | undefined {
  const exact = list.findIndex((begun) => begun.query === query && begun.parameters === parameters);
  const at = exact >= 0 ? exact : list.findIndex((begun) => begun.query === query);
  return at >= 0 ? list.splice(at, 1)[0] : undefined;
}
