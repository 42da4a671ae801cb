import { type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import { isOwnQuery } from '../own-query.js';
import { commandTagsOf } from '../queries/command-tags.js';
import type { QueryRecorder } from '../queries/query.recorder.js';
import type { StartedStatement, SystemRecorder } from '../queries/system.recorder.js';
import { type TypeOrmDataSource, typeOrmSystem } from './typeorm.discovery.js';

/** Number of statements in flight that are tracked for one query runner. */
const MAX_IN_FLIGHT = 1_000;

interface QueryEvent {
  readonly query: string;
  readonly parameters?: unknown;
  readonly queryRunner: object;
}

interface AfterQueryEvent extends QueryEvent {
  readonly success: boolean;
  readonly error?: unknown;
  /** The result in the format of the driver. */
  readonly rawResults?: unknown;
}

/** The used part of the metadata of a relation. */
interface LazyRelation {
  readonly propertyPath: string;
  readonly entityMetadata: { readonly name: string };
}

interface StartedQuery {
  readonly query: string;
  readonly parameters: unknown;
  readonly started: StartedStatement;
}

/**
 * Records the statements of a data source by a subscriber, also after the data source is initialized again.
 *
 * @returns a function that stops the watch
 */
export function watchTypeOrm(dataSource: TypeOrmDataSource, queries: QueryRecorder): () => void {
  const { guard } = queries;
  const recorder = queries.forSystem(typeOrmSystem(dataSource));
  const inFlight = new WeakMap<object, StartedQuery[]>();
  const subscriber = {
    beforeQuery(event: QueryEvent): void {
      guard.run(() => {
        const { query, parameters, queryRunner } = event;
        if (typeof query !== 'string' || isOwnQuery(query)) return;
        const list = inFlight.get(queryRunner) ?? [];
        if (list.length === 0) inFlight.set(queryRunner, list);
        // The oldest one may never end.
        if (list.length >= MAX_IN_FLIGHT) list.shift();
        list.push({ query, parameters, started: recorder.begin(query) });
      });
    },
    afterQuery(event: AfterQueryEvent): void {
      guard.run(() => {
        const { query, parameters, queryRunner, success, error, rawResults } = event;
        const found = takeStarted(inFlight.get(queryRunner) ?? [], query, parameters);
        if (found === undefined) return;
        const failure = success ? undefined : (error ?? new Error('unknown'));
        recorder.end(query, found.started, failure, commandTagsOf(rawResults));
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
  // initialize() replaces the list of subscribers. Its own statements are not recorded, the first time or later.
  const restore = patchMethod(dataSource, 'initialize', guard, () => {
    unsubscribe();
    return { fulfilled: subscribe, rejected: subscribe };
  });
  if (dataSource.isInitialized) subscribe();
  const restoreLoader = askByRelations(dataSource, queries, recorder);
  return () => {
    restore();
    restoreLoader();
    unsubscribe();
  };
}

/** Keeps the place that reads a lazy relation, whose statement is sent later. @returns a function that stops it */
function askByRelations(
  { relationLoader }: TypeOrmDataSource,
  { guard, operations }: QueryRecorder,
  recorder: SystemRecorder,
): () => void {
  if (operations === undefined || relationLoader === undefined) return () => undefined;
  return patchMethod(relationLoader, 'load', guard, ([relation]): CallObserver | undefined => {
    if (operations.current === undefined) return undefined;
    const { propertyPath, entityMetadata } = relation as LazyRelation;
    const scope = operations.askFor(recorder.callNamed(`${entityMetadata.name}.${propertyPath}`));
    return scope && { scope };
  });
}

/**
 * Removes and returns the start of a statement that has ended. Only text and parameters identify it; where the driver
 * has copied the parameters, it is the oldest statement with this text.
 */
function takeStarted(list: StartedQuery[], query: string, parameters: unknown): StartedQuery | undefined {
  const exact = list.findIndex((each) => each.query === query && each.parameters === parameters);
  const at = exact >= 0 ? exact : list.findIndex((each) => each.query === query);
  return at >= 0 ? list.splice(at, 1)[0] : undefined;
}
