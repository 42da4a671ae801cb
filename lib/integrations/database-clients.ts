import type { Clock } from '../metrics/clock.js';
import type { ApplicationObjects } from './application-objects.integration.js';
import { InstanceWatches } from './instance-watches.js';
import { findKnex } from './knex/knex.discovery.js';
import { knexPoolState, watchKnexPoolWait } from './knex/knex.pool.js';
import { watchKnex } from './knex/knex.watch.js';
import { findMongooseConnections } from './mongoose/mongoose.discovery.js';
import { watchMongoose } from './mongoose/mongoose.watch.js';
import { findMysql2Connections, findMysql2Pools } from './mysql2/mysql2.discovery.js';
import { mysql2PoolState, watchMysql2PoolWait } from './mysql2/mysql2.pool.js';
import { watchMysql2Connection, watchMysql2Pool } from './mysql2/mysql2.watch.js';
import type { ObjectMatch } from './object-search.js';
import { findPgClients, findPgPools } from './pg/pg.discovery.js';
import { pgPoolState, watchPgPoolWait } from './pg/pg.pool.js';
import { watchPgClient, watchPgPool } from './pg/pg.watch.js';
import type { PoolState, PoolWaits, WaitObserver } from './pool-state.js';
import { findPrismaClients } from './prisma/prisma.discovery.js';
import { watchPrisma } from './prisma/prisma.watch.js';
import type { QueryRecorder } from './queries/query.recorder.js';
import { findTypeOrmDataSources, withoutTypeOrm } from './typeorm/typeorm.discovery.js';
import { watchTypeOrm } from './typeorm/typeorm.watch.js';

/** The state of a pool, with the name of the pool. */
interface NamedPoolState {
  readonly name: string;
  readonly state: PoolState;
}

/** The watches of all clients of one kind. */
interface ClientWatches {
  refresh(): readonly unknown[];
  stop(): void;
}

/** The watches of all pools of one kind. */
interface PoolWatches extends ClientWatches {
  states(): NamedPoolState[];
}

/** The database clients of the application, each watched from its first appearance. */
export class DatabaseClients {
  private readonly clients: readonly ClientWatches[];
  private readonly pools: readonly PoolWatches[];

  /** @param waitsOf returns the observer of the waits for a connection of a pool, by the name of the pool */
  constructor(
    private readonly objects: ApplicationObjects,
    private readonly queries: QueryRecorder,
    private readonly clock: Clock,
    private readonly waitsOf: (pool: string) => WaitObserver,
  ) {
    this.clients = [
      this.watchClients(findTypeOrmDataSources, watchTypeOrm),
      this.watchClients(withoutTypeOrm(findPgPools), watchPgPool),
      this.watchClients(findPgClients, watchPgClient),
      this.watchClients(withoutTypeOrm(findMysql2Pools), watchMysql2Pool),
      this.watchClients(findMysql2Connections, watchMysql2Connection),
      this.watchClients(findKnex, watchKnex),
      this.watchClients(findPrismaClients, watchPrisma),
      this.watchClients(findMongooseConnections, watchMongoose),
    ];
    this.pools = [
      this.watchPools(findPgPools, pgPoolState, watchPgPoolWait),
      this.watchPools(findMysql2Pools, mysql2PoolState, watchMysql2PoolWait),
      this.watchPools(findKnex, knexPoolState, watchKnexPoolWait),
    ];
  }

  /** Starts to watch new clients. @returns the number of clients; a client with a pool counts twice */
  refresh(): number {
    return [...this.clients, ...this.pools].flatMap((watches) => watches.refresh()).length;
  }

  /** Returns the state of each pool. */
  poolStates(): NamedPoolState[] {
    return this.pools.flatMap((pools) => pools.states());
  }

  /** Stops all watches. */
  stop(): void {
    for (const watches of [...this.clients, ...this.pools]) watches.stop();
  }

  private watchClients<T extends object>(
    find: (objects: ApplicationObjects) => readonly ObjectMatch<T>[],
    watch: (instance: T, recorder: QueryRecorder) => () => void,
  ): ClientWatches {
    const { objects, queries } = this;
    return new InstanceWatches(
      () => find(objects),
      ({ instance }) => watch(instance, queries),
      queries.guard,
    );
  }

  private watchPools<T extends object>(
    find: (objects: ApplicationObjects) => readonly ObjectMatch<T>[],
    stateOf: (instance: T) => PoolState | undefined,
    watchWait: (instance: T, waits: PoolWaits) => () => void,
  ): PoolWatches {
    const { clock, objects, waitsOf } = this;
    const { guard, operations } = this.queries;
    const waits = new InstanceWatches(
      () => find(objects),
      ({ name, instance }) => watchWait(instance, { clock, guard, operations, observe: waitsOf(name) }),
      guard,
    );
    const states = () =>
      waits.refresh().flatMap(({ name, instance }) => {
        const state = guard.run(() => stateOf(instance));
        return state === undefined ? [] : [{ name, state }];
      });
    return { refresh: () => waits.refresh(), stop: () => waits.stop(), states };
  }
}
