import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { type ClientProxy, ClientProxyFactory, Transport } from '@nestjs/microservices';
import { TypeOrmModule } from '@nestjs/typeorm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Redis } from 'ioredis';
import knex from 'knex';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { microserviceHealthCheck } from 'nestjs-monitoring/health';
import { createPool } from 'mysql2';
import { createPool as createPool311 } from 'mysql2-3-11';
import { createPool as createPromisePool } from 'mysql2/promise';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { DataSource } from 'typeorm';
import { eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { describeWith } from './support/binaries.js';
import { whileFrozen } from './support/frozen.js';
import { MariaDbServer } from './support/mariadb.server.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';
import { SilentProxy } from './support/silent.proxy.js';

const POOL_SIZE = 5;
const INTERVAL_MS = 250;
/** Long enough to open a connection on a busy machine: the one of a check that takes longer is destroyed. */
const TIMEOUT_MS = 2 * INTERVAL_MS;
/** So many checks are due in this time that each could take a connection of its own. */
const STALL_MS = 2 * POOL_SIZE * (TIMEOUT_MS + INTERVAL_MS / 2);
/** Within which the application works again. */
const RECOVERY_MS = 30_000;

/** A way in which an application uses its database. */
interface Kind {
  readonly title: string;
  readonly open: (url: string) => Promise<Opened> | Opened;
}

interface Opened {
  readonly module?: ModuleMetadata;
  readonly query: (app: RunningApp) => Promise<unknown>;
  /** Number of connections that are not given back. */
  readonly used: (app: RunningApp) => number;
  readonly close?: () => unknown;
}

const closing: (() => unknown)[] = [];

async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

async function started(
  module: ModuleMetadata,
  health: Exclude<MonitoringOptions['health'], boolean> = {},
): Promise<RunningApp> {
  const running = await startApp('express', AppModule.with(module, health));
  closing.push(() => running.close());
  return running;
}

async function statusOf(running: RunningApp, check: string): Promise<string | undefined> {
  const { body } = await running.get('/health');
  return (JSON.parse(body) as { checks: Record<string, { status: string }> }).checks[check]?.status;
}

const becomes = (running: RunningApp, check: string, status: string): Promise<void> =>
  eventually(async () => expect(await statusOf(running, check)).toBe(status), RECOVERY_MS);

/**
 * The whole pool at once, as often as an application could have lost it to the checks. A query is sent again if it fails: an
 * impatient client gives up a connection that a busy machine takes long to open.
 */
async function expectToWork(running: RunningApp, { query, used }: Opened): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: POOL_SIZE }, () => eventually(() => query(running), RECOVERY_MS)));
  }
  await eventually(() => expect(used(running)).toBe(0), RECOVERY_MS);
}

/** A kind on its way through its test. */
interface Trial {
  readonly kind: Kind;
  readonly opened: Opened;
  readonly running: RunningApp;
  readonly proxy?: SilentProxy;
  /** A query that began while the server did not answer. */
  late?: Promise<unknown>;
}

/** All kinds go through the same steps at once, since they wait for most of the time. A kind that fails stops there. */
class Trials {
  private readonly failures = new Map<Kind, unknown>();
  private trials: readonly Trial[] = [];

  constructor(private readonly kinds: readonly Kind[]) {}

  async open(start: (kind: Kind) => Promise<Omit<Trial, 'kind'>>): Promise<void> {
    const opened = await Promise.all(
      this.kinds.map(async (kind) => {
        const trial = await this.try(kind, async () => ({ kind, ...(await start(kind)) }));
        return trial === undefined ? [] : [trial];
      }),
    );
    this.trials = opened.flat();
  }

  async each(step: (trial: Trial) => Promise<void>): Promise<void> {
    const going = this.trials.filter(({ kind }) => !this.failures.has(kind));
    await Promise.all(going.map((trial) => this.try(trial.kind, () => step(trial))));
  }

  /** @throws what stopped this kind */
  expect(kind: Kind): void {
    if (this.failures.has(kind)) throw this.failures.get(kind);
    expect(this.trials.map((trial) => trial.kind)).toContain(kind);
  }

  private async try<R>(kind: Kind, work: () => Promise<R>): Promise<R | undefined> {
    try {
      return await work();
    } catch (error) {
      this.failures.set(kind, error);
      return undefined;
    }
  }
}

async function openedAt(kind: Kind, url: string): Promise<Omit<Trial, 'kind'>> {
  const opened = await kind.open(url);
  if (opened.close !== undefined) closing.push(opened.close);
  const running = await started(opened.module ?? {});
  await becomes(running, 'database', 'healthy');
  await expectToWork(running, opened);
  return { opened, running };
}

function itSurvivesSilence(kinds: readonly Kind[], server: () => PostgresServer | MariaDbServer): void {
  describe('after connections have fallen silent for ever', () => {
    const trials = new Trials(kinds);

    beforeAll(async () => {
      await trials.open(async (kind) => {
        const proxy = await SilentProxy.start(server().port);
        closing.push(() => proxy.stop());
        return {
          ...(await openedAt(kind, server().url.replace(`:${server().port}`, `:${proxy.port}`))),
          proxy,
        };
      });
      await trials.each(async ({ opened, running, proxy }) => {
        proxy?.fallSilent();
        await becomes(running, 'database', 'unhealthy');
        await sleep(STALL_MS);
        proxy?.recover();
        await becomes(running, 'database', 'healthy');
        await eventually(() => expect(opened.used(running)).toBe(0), RECOVERY_MS);
        await expectToWork(running, opened);
      });
    }, 120_000);
    afterAll(closeAll, 60_000);

    it.each(kinds)('has its whole pool: $title', (kind) => trials.expect(kind));
  });
}

function itSurvivesStalls(kinds: readonly Kind[], server: () => PostgresServer | MariaDbServer): void {
  describe('after a stall', () => {
    const trials = new Trials(kinds);

    beforeAll(async () => {
      await trials.open((kind) => openedAt(kind, server().url));
      await whileFrozen(server(), () =>
        trials.each(async (trial) => {
          await becomes(trial.running, 'database', 'unhealthy');
          trial.late = trial.opened.query(trial.running);
          trial.late.catch(() => undefined);
          await sleep(STALL_MS);
        }),
      );
      await trials.each(async ({ opened, running, late }) => {
        await late;
        await expectToWork(running, opened);
        await becomes(running, 'database', 'healthy');
        await expectToWork(running, opened);
      });
    }, 120_000);
    afterAll(closeAll, 60_000);

    it.each(kinds)('has its whole pool: $title', (kind) => trials.expect(kind));
  });
}

const provide = (useValue: unknown) => ({ providers: [{ provide: 'CLIENT', useValue }] });

const typeOrm = (type: 'postgres' | 'mariadb', used: (driver: never) => number): Kind => ({
  title: `TypeORM (${type})`,
  open: (url) => ({
    module: { imports: [TypeOrmModule.forRoot({ type, url, entities: [], poolSize: POOL_SIZE })] },
    query: ({ app }) => app.get(DataSource).query('SELECT 1'),
    used: ({ app }) => used(app.get(DataSource).driver as never),
  }),
});

interface KnexPool {
  numUsed(): number;
  numPendingCreates(): number;
}

/** @param pool its own options; Knex waits for 30 s by default for a connection that is being made */
const knexOf = (client: 'pg' | 'mysql2', pool: { createTimeoutMillis?: number } = {}): Kind => ({
  title: 'Knex',
  open: (connection) => {
    const database = knex({ client, connection, pool: { min: 0, max: POOL_SIZE, ...pool } });
    const { pool: state } = database.client as { pool: KnexPool };
    return {
      module: provide(database),
      query: () => Promise.resolve(database.raw('SELECT 1')),
      used: () => state.numUsed() + state.numPendingCreates(),
      close: () => database.destroy(),
    };
  },
});

const IMPATIENT = { createTimeoutMillis: 2_000 };

const POSTGRES: readonly Kind[] = [
  {
    title: 'pg',
    open: (url) => {
      const pool = pgPool(url);
      return { module: provide(pool), query: () => pool.query('SELECT 1'), ...pgState(pool) };
    },
  },
  {
    title: 'drizzle',
    open: (url) => {
      const pool = pgPool(url);
      const database = drizzle(pool);
      return { module: provide(database), query: () => database.execute('SELECT 1'), ...pgState(pool) };
    },
  },
  typeOrm('postgres', ({ master }: { master: Pool }) => master.totalCount - master.idleCount),
];

function pgPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: POOL_SIZE });
  pool.on('error', () => undefined);
  return pool;
}

const pgState = (pool: Pool) => ({
  used: () => pool.totalCount - pool.idleCount,
  close: () => pool.end(),
});

/** A pool of `mysql2`, whose number of connections in use is inside it. */
interface Mysql2Inside {
  readonly _allConnections: { readonly length: number };
  readonly _freeConnections: { readonly length: number };
}

const mysql2Used = (pool: unknown): number => {
  const { _allConnections: all, _freeConnections: free } = pool as Mysql2Inside;
  return all.length - free.length;
};

const mysql2 = (title: string, create: typeof createPool): Kind => ({
  title,
  open: (uri) => {
    const pool = create({ uri, connectionLimit: POOL_SIZE });
    return {
      module: provide(pool),
      query: () => pool.promise().query('SELECT 1'),
      used: () => mysql2Used(pool),
      close: () => pool.promise().end(),
    };
  },
});

const MARIADB: readonly Kind[] = [
  mysql2('mysql2', createPool),
  mysql2('mysql2 3.11', createPool311 as unknown as typeof createPool),
  {
    title: 'mysql2/promise',
    open: (uri) => {
      const pool = createPromisePool({ uri, connectionLimit: POOL_SIZE });
      return {
        module: provide(pool),
        query: () => pool.query('SELECT 1'),
        used: () => mysql2Used(pool.pool),
        close: () => pool.end(),
      };
    },
  },
  typeOrm('mariadb', ({ pool }: { pool: unknown }) => mysql2Used(pool)),
];

describeWith(['initdb', 'postgres'], 'an application whose PostgreSQL stalls', () => {
  let server: PostgresServer;
  beforeAll(async () => (server = await PostgresServer.start()), 60_000);
  afterAll(() => server.stop());
  itSurvivesStalls([...POSTGRES, knexOf('pg')], () => server);
  itSurvivesSilence([...POSTGRES, knexOf('pg', IMPATIENT)], () => server);
});

describeWith(['mariadbd', 'mariadb-install-db'], 'an application whose MariaDB stalls', () => {
  let server: MariaDbServer;
  beforeAll(async () => (server = await MariaDbServer.start()), 60_000);
  afterAll(() => server.stop());
  itSurvivesStalls([...MARIADB, knexOf('mysql2')], () => server);
  itSurvivesSilence([...MARIADB, knexOf('mysql2', IMPATIENT)], () => server);
});

describeWith(['redis-server'], 'an application whose Redis stalls', () => {
  let server: RedisServer;
  beforeAll(async () => (server = await RedisServer.start()), 60_000);
  afterEach(closeAll);
  afterAll(() => server.stop());

  it.each<[string, () => Promise<{ client: unknown; ask: () => Promise<unknown>; close: () => unknown }>]>([
    [
      'ioredis',
      async () => {
        const client = new Redis(server.port);
        client.on('error', () => undefined);
        await client.ping();
        return { client, ask: () => client.set('a', '1'), close: () => client.disconnect() };
      },
    ],
    [
      'node-redis',
      async () => {
        const client = createClient({ url: server.url });
        client.on('error', () => undefined);
        await client.connect();
        return { client, ask: () => client.set('a', '1'), close: () => client.destroy() };
      },
    ],
  ])(
    'is told so, and works again: %s',
    async (_, open) => {
      const { client, ask, close } = await open();
      closing.push(close);
      const running = await started(provide(client));
      await becomes(running, 'redis', 'healthy');
      let late: Promise<unknown> = Promise.resolve();
      await whileFrozen(server, async () => {
        await becomes(running, 'redis', 'degraded');
        late = ask();
        await sleep(STALL_MS);
      });
      expect(await late).toBe('OK');
      await becomes(running, 'redis', 'healthy');
    },
    60_000,
  );

  it('is told so, and works again: a client of a microservice', async () => {
    const client: ClientProxy = ClientProxyFactory.create({
      transport: Transport.REDIS,
      options: { host: '127.0.0.1', port: server.port, retryAttempts: 100, retryDelay: 100 },
    });
    closing.push(() => client.close());
    const running = await started({}, { checks: [microserviceHealthCheck({ name: 'orders', client })] });
    await becomes(running, 'orders', 'healthy');
    await whileFrozen(server, async () => {
      await becomes(running, 'orders', 'unhealthy');
      await sleep(STALL_MS);
    });
    await becomes(running, 'orders', 'healthy');
  }, 60_000);
});

@Module({})
class AppModule {
  static with(
    { imports = [], providers = [] }: ModuleMetadata,
    health: Exclude<MonitoringOptions['health'], boolean>,
  ): DynamicModule {
    const monitoring = MonitoringModule.forRoot({
      collectors: { runtime: false, system: false, api: false },
      health: {
        refreshIntervalMs: INTERVAL_MS,
        checkTimeoutMs: TIMEOUT_MS,
        builtIn: { disk: false, memory: false, eventLoop: false },
        ...health,
      },
    });
    return { module: AppModule, imports: [monitoring, ...imports], providers };
  }
}
