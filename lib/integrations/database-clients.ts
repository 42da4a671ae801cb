import type { Clock } from '../metrics/clock.js';
import type { Guard } from '../primitives/guard.js';
import type { ApplicationObjects, Found } from './application-objects.integration.js';
import { Attachments } from './attachments.js';
import { findKnex } from './knex/knex.discovery.js';
import { knexPoolState, watchKnexPoolWait } from './knex/knex.pool.js';
import { watchKnex } from './knex/knex.watch.js';
import { findMongooseConnections } from './mongoose/mongoose.discovery.js';
import { watchMongoose } from './mongoose/mongoose.watch.js';
import { findMysql2Connections, findMysql2Pools } from './mysql2/mysql2.discovery.js';
import { mysql2PoolState, watchMysql2PoolWait } from './mysql2/mysql2.pool.js';
import { watchMysql2Connection, watchMysql2Pool } from './mysql2/mysql2.watch.js';
import { findPgClients, findPgPools } from './pg/pg.discovery.js';
import { pgPoolState, watchPgPoolWait } from './pg/pg.pool.js';
import { watchPgClient, watchPgPool } from './pg/pg.watch.js';
import type { PoolState, WaitObserver } from './pool-state.js';
import { findPrismaClients } from './prisma/prisma.discovery.js';
import { watchPrisma } from './prisma/prisma.watch.js';
import type { QueryRecorder } from './queries/query-recorder.js';
import { findTypeOrmDataSources, typeOrmPools } from './typeorm/typeorm.discovery.js';
import { watchTypeOrm } from './typeorm/typeorm.watch.js';

interface Watch {
  look(): readonly unknown[];
  end(): void;
}

interface PoolWatch extends Watch {
  states(): { readonly name: string; readonly state: PoolState }[];
}

/** The clients by which the application reaches its databases, each watched from when it is first seen. */
export class DatabaseClients {
  private readonly queries: readonly Watch[];
  private readonly pools: readonly PoolWatch[];

  /** @param waitsOf gives who is told how long somebody waited for a connection of a pool */
  constructor(
    objects: ApplicationObjects,
    queries: QueryRecorder,
    clock: Clock,
    waitsOf: (pool: string) => WaitObserver,
  ) {
    const dataSources = () => findTypeOrmDataSources(objects);
    // What goes through the pools of TypeORM, TypeORM tells itself.
    const notOfTypeOrm = <T extends object>(found: readonly Found<T>[]) => {
      const theirs = new Set<unknown>(dataSources().flatMap(({ instance }) => typeOrmPools(instance)));
      return found.filter(({ instance }) => !theirs.has(instance));
    };
    const watch = <T extends object>(
      find: () => readonly Found<T>[],
      start: (instance: T, recorder: QueryRecorder) => () => void,
    ) => new Attachments(find, ({ instance }) => start(instance, queries), queries.guard);
    this.queries = [
      watch(dataSources, watchTypeOrm),
      watch(() => notOfTypeOrm(findPgPools(objects)), watchPgPool),
      watch(() => findPgClients(objects), watchPgClient),
      watch(() => notOfTypeOrm(findMysql2Pools(objects)), watchMysql2Pool),
      watch(() => findMysql2Connections(objects), watchMysql2Connection),
      watch(() => findKnex(objects), watchKnex),
      watch(() => findPrismaClients(objects), watchPrisma),
      watch(() => findMongooseConnections(objects), watchMongoose),
    ];

    const watchPools = <T extends object>(
      find: () => readonly Found<T>[],
      stateOf: (instance: T) => PoolState | undefined,
      watchWait: (instance: T, clock: Clock, guard: Guard, observe: WaitObserver) => () => void,
    ): PoolWatch => {
      const { guard } = queries;
      const waits = new Attachments(
        find,
        ({ name, instance }) => watchWait(instance, clock, guard, waitsOf(name)),
        guard,
      );
      const states = () =>
        waits.look().flatMap(({ name, instance }) => {
          const state = guard.run(() => stateOf(instance));
          return state === undefined ? [] : [{ name, state }];
        });
      return { look: () => waits.look(), end: () => waits.end(), states };
    };
    this.pools = [
      watchPools(() => findPgPools(objects), pgPoolState, watchPgPoolWait),
      watchPools(() => findMysql2Pools(objects), mysql2PoolState, watchMysql2PoolWait),
      watchPools(() => findKnex(objects), knexPoolState, watchKnexPoolWait),
    ];
  }

  /** Looks for clients that are new. @returns the number of clients; one that has a pool counts twice */
  look(): number {
    return [...this.queries, ...this.pools].flatMap((watch) => watch.look()).length;
  }

  /** Returns the state of each pool. */
  poolStates(): { readonly name: string; readonly state: PoolState }[] {
    return this.pools.flatMap((pool) => pool.states());
  }

  /** Leaves every client as it was found. */
  end(): void {
    for (const watch of [...this.queries, ...this.pools]) watch.end();
  }
}
