import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Controller, Get, Inject, Injectable, Param } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import createKnex, { type Knex } from 'knex';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { Pool } from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { queryShape } from '../../lib/integrations/queries/query-shape.js';
import { dialectOf } from '../../lib/integrations/queries/sql-dialect.js';
import { methodsOf, RecordedApp } from '../e2e/fixture/recorded-app.js';
import { eventually, total } from '../e2e/fixture/start-app.js';
import { sourceLineOf } from '../support/source-line.js';
import { RepeatedStatements } from './fixture/repeated-statements.mjs';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';

interface Customer {
  id: number;
  name: string;
}

interface Order {
  id: number;
  total: number;
  customer: Promise<Customer> | Customer;
}

const CUSTOMER = new EntitySchema<Customer>({
  name: 'Customer',
  tableName: 'customers',
  columns: { id: { type: Number, primary: true }, name: { type: String } },
});

const ORDER = new EntitySchema<Order>({
  name: 'Order',
  tableName: 'orders',
  columns: { id: { type: Number, primary: true }, total: { type: Number } },
  relations: {
    customer: {
      type: 'many-to-one',
      target: 'Customer',
      lazy: true,
      joinColumn: { name: 'customer_id' },
    },
  },
});

/** Ways to send statements. Each one marks its statements by a text with the key of the request. */
@Injectable()
class Ways {
  constructor(
    @Inject('POOL') readonly pool: Pool,
    @Inject('KNEX') readonly knex: Knex,
    readonly dataSource: DataSource,
  ) {}

  async pg(key: string, n: number): Promise<void> {
    for (let i = 0; i < n; i++) await this.pool.query(`SELECT ${i} AS pg, '${key}' AS key, pg_sleep(0.001)`);
  }

  async pgAtOnce(key: string, n: number): Promise<void> {
    await Promise.all(
      Array.from({ length: n }, (_, i) => this.pool.query(`SELECT $1::int AS at_once, '${key}' AS key`, [i])),
    );
  }

  async pgCallbacks(key: string, n: number): Promise<void> {
    const query = (left: number, done: (error?: Error | null) => void): void => {
      if (left === 0) return done();
      this.pool.query(`SELECT ${left} AS callbacks, '${key}' AS key, pg_sleep(0.001)`, (error) =>
        error ? done(error) : query(left - 1, done),
      );
    };
    await promisify(query)(n);
  }

  async pgClient(key: string, n: number): Promise<void> {
    const client = await this.pool.connect();
    try {
      for (let i = 0; i < n; i++) {
        await client.query({ name: 'prepared', text: 'SELECT $1::text AS client', values: [key] });
      }
    } finally {
      client.release();
    }
  }

  async knexRaw(key: string, n: number): Promise<void> {
    for (let i = 0; i < n; i++) await this.knex.select(this.knex.raw(`${i} AS knex, '${key}' AS key`));
  }

  async typeOrm(key: string, n: number): Promise<void> {
    for (let i = 0; i < n; i++) await this.dataSource.query(`SELECT ${i} AS type_orm, '${key}' AS key`);
  }

  async transaction(key: string, n: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      for (let i = 0; i < n; i++) await manager.query(`SELECT ${i} AS transaction, '${key}' AS key`);
      await Promise.all([1, 2].map((i) => manager.query(`SELECT ${i} AS transaction, '${key}' AS key`)));
    });
  }
}

type Way = Exclude<keyof Ways, 'pool' | 'knex' | 'dataSource'>;
const WAYS: readonly Way[] = [
  'pg',
  'pgAtOnce',
  'pgCallbacks',
  'pgClient',
  'knexRaw',
  'typeOrm',
  'transaction',
];

@Controller()
class AppController {
  constructor(private readonly ways: Ways) {}

  @Get('ways/:way/:key/:n')
  way(@Param('way') way: Way, @Param('key') key: string, @Param('n') n: string): Promise<void> {
    return this.ways[way](key, Number(n));
  }

  @Get('faults/:fault')
  fault(@Param('fault') fault: string): Promise<void> {
    return (new RepeatedStatements(this.ways) as unknown as Record<string, () => Promise<void>>)[fault]!();
  }

  @Get('counted/:at/:n')
  async counted(@Param('at') at: string, @Param('n') n: string): Promise<void> {
    await Object.values(COUNTED)[Number(at)]!(this.ways, Number(n));
  }
}

const POOL_SIZE = 3;
const SETTINGS = {
  log_statement: 'all',
  log_line_prefix: '%a ',
  shared_preload_libraries: 'pg_stat_statements',
};
/** The role of the application, by which the server tells its statements from those of the test. */
const ROLE = 'shop';

/** Requests whose statements the server counts by itself, in texts of its own. Each is sent with values of its own. */
const COUNTED: Readonly<Record<string, (ways: Ways, n: number) => Promise<unknown>>> = {
  'literals, lists and rows': async ({ pool }, n) => {
    await pool.query(`SELECT name FROM customers WHERE id = ${n} AND name <> 'customer ${n}'`);
    const ids = Array.from({ length: 1 + (n % 4) }, (_, i) => n + i).join(', ');
    await pool.query(`SELECT name FROM customers WHERE id IN (${ids})`);
    await pool.query(`INSERT INTO notes (text) VALUES ('${n}'), ('x')`);
  },
  'parameters at once': ({ pool }, n) =>
    Promise.all(
      Array.from({ length: n % 5 }, (_, i) =>
        pool.query('SELECT total FROM orders WHERE id = $1 AND total > $2', [i, n]),
      ),
    ),
  'a prepared statement': async ({ pool }, n) => {
    for (let i = 0; i < 3; i++) {
      await pool.query({ name: 'note', text: 'SELECT text FROM notes WHERE id = $1', values: [n] });
    }
  },
  failures: async ({ pool, knex }, n) => {
    await pool.query('SELECT 1 / $1::int AS failures', [n % 2]).catch(() => undefined);
    await knex('missing')
      .where({ id: n })
      .catch(() => undefined);
  },
  'a transaction of pg': async ({ pool }, n) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('UPDATE notes SET text = $1 WHERE id = $2', [`note ${n}`, n]);
      await client.query(n % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
    } finally {
      client.release();
    }
  },
  'a builder of Knex': async ({ knex }, n) => {
    await knex('orders').where('id', '<', n).andWhere({ customer_id: n }).orderBy('id').limit(3);
    await knex('notes')
      .insert({ text: `note ${n}` })
      .returning('id');
    await knex('orders')
      .whereIn('id', n % 2 === 0 ? [1, 2, 3] : [n])
      .count();
  },
  'a transaction of Knex': ({ knex }, n) =>
    knex.transaction(async (trx) => {
      await trx('orders').where({ id: n }).update({ total: n });
      await trx('notes').where({ id: -n }).delete();
    }),
  'a stream of Knex': async ({ knex }, n) => {
    for await (const _ of knex('orders').where('total', '>', n).stream());
  },
  'repositories of TypeORM': async ({ dataSource }, n) => {
    const orders = dataSource.getRepository(ORDER);
    await orders.findOneBy({ id: 1 + (n % 12) });
    await orders.find({ relations: { customer: true }, take: 1 + (n % 3) });
    await orders.findAndCount({ where: { total: n } });
    await orders.count();
  },
  'a lazy relation of TypeORM': async ({ dataSource }, n) => {
    for (const order of await dataSource.getRepository(ORDER).find({ take: n % 4 })) await order.customer;
  },
  'a transaction of TypeORM': ({ dataSource }, n) =>
    dataSource.transaction(async (manager) => {
      await manager.getRepository(CUSTOMER).save({ id: 100 + n, name: `customer ${n}` });
      await manager.query('SELECT $1::int AS transaction', [n]);
    }),
};

describeWith(['initdb', 'postgres'], 'the records of requests to PostgreSQL', () => {
  let server: PostgresServer;
  let app: RecordedApp;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start(SETTINGS);
    closing.push(() => server.stop());
    await server.query(`
      CREATE TABLE customers (id int PRIMARY KEY, name text);
      CREATE TABLE orders (id int PRIMARY KEY, total int, customer_id int REFERENCES customers);
      CREATE TABLE notes (id serial, text text);
      INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 12) i;
      INSERT INTO orders SELECT i, i * 10, i FROM generate_series(1, 12) i;
      CREATE EXTENSION pg_stat_statements;
      CREATE ROLE ${ROLE} LOGIN SUPERUSER;`);
    const url = `${server.url.replace('postgres@', `${ROLE}@`)}?application_name=shop`;
    const pool = new Pool({ connectionString: url, max: POOL_SIZE });
    // The server ends before the test does, if the test fails.
    pool.on('error', () => undefined);
    // With the version, it asks the server for nothing of its own.
    const knex = createKnex({
      client: 'pg',
      version: '15',
      connection: url,
      pool: { min: 0, max: POOL_SIZE },
    });
    closing.push(
      () => pool.end(),
      () => knex.destroy(),
    );
    app = await RecordedApp.start('express', {
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url,
          entities: [CUSTOMER, ORDER],
          extra: { max: POOL_SIZE },
        }),
      ],
      controllers: [AppController],
      providers: [Ways, { provide: 'POOL', useValue: pool }, { provide: 'KNEX', useValue: knex }],
    });
    closing.push(() => app.close());
  }, 120_000);

  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  }, 60_000);

  const statementsOf = ({ calls }: RequestRecord): number =>
    calls.filter(({ part }) => part === 'database').reduce((sum, { count }) => sum + count, 0);

  /** The statements of the application that the server has logged, without those of monitoring, with their parameters. */
  function logged(): string[] {
    return server.log
      .split(/^(?=\S+ (?:LOG|DETAIL):)/m)
      .filter((line) => line.startsWith('shop ') && !line.includes('nestjs-monitoring'));
  }

  it('have each statement that the server logged for a request, and none of another request', async () => {
    // What the clients sent as they were created has arrived once this has: the server writes in order.
    await server.query("SELECT 'the clients are ready'");
    await eventually(() => expect(server.log).toContain('the clients are ready'));
    const before = logged().length;
    const counted = total(app.registry, 'http_request_queries_total');
    const requests = Array.from({ length: 210 }, (_, i) => ({
      way: WAYS[i % WAYS.length]!,
      key: `key-${i}-`,
      n: (i * 7) % 9,
    }));
    const records = new Map<string, RequestRecord>();
    const next = requests[Symbol.iterator]();
    const client = async (): Promise<void> => {
      for (const { way, key, n } of next) records.set(key, await app.recordOf(`/ways/${way}/${key}/${n}`));
    };
    await Promise.all(Array.from({ length: 12 }, client));

    let lines: string[] = [];
    const sent = (): number =>
      lines.filter((line) => / LOG: {2}(statement|execute [^:]*):/.test(line)).length;
    await eventually(() => {
      lines = logged().slice(before);
      const all = [...records.values()].reduce((sum, record) => sum + statementsOf(record), 0);
      expect(all).toBe(sent());
    });
    expect(total(app.registry, 'http_request_queries_total') - counted).toBe(sent());
    for (const { way, key } of requests) {
      const record = records.get(key)!;
      const own = lines.filter((line) => line.includes(key)).length;
      const around = way === 'transaction' ? 2 : 0;
      expect({ way, count: statementsOf(record) }).toEqual({ way, count: own + around });
      // Neither a statement of another way, nor any value.
      expect(record.calls.filter(({ part }) => part === 'database').length).toBeLessThanOrEqual(
        way === 'transaction' ? 3 : 1,
      );
      expect(JSON.stringify(record.calls)).not.toContain('key-');
    }
  }, 240_000);

  it('count the statements of each shape as often as pg_stat_statements does', async () => {
    await server.query('SELECT pg_stat_statements_reset()');
    const paths = Object.keys(COUNTED).flatMap((_, at) =>
      Array.from({ length: 12 }, (__, n) => `/counted/${at}/${n}`),
    );
    const recorded: Record<string, number> = {};
    const next = paths.values();
    const client = async (): Promise<void> => {
      for (const path of next) {
        for (const { part, name, count, errors } of (await app.recordOf(path)).calls) {
          // The server does not count what fails.
          if (part === 'database') recorded[name] = (recorded[name] ?? 0) + count - errors;
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));

    const rows = await server.query(`
      SELECT query, calls FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid
      WHERE rolname = '${ROLE}' AND query NOT LIKE '%nestjs-monitoring%'`);
    const counted: Record<string, number> = {};
    for (const { query, calls } of rows) {
      const shape = queryShape(String(query), dialectOf('postgresql'));
      counted[shape] = (counted[shape] ?? 0) + Number(calls);
    }
    expect(Object.keys(counted).length).toBeGreaterThan(20);
    expect(Object.fromEntries(Object.entries(recorded).filter(([, count]) => count > 0))).toEqual(counted);
  }, 120_000);

  it('say how long a request waited for a connection', async () => {
    const { pool } = app.running.app.get(Ways);
    const held = await Promise.all(Array.from({ length: POOL_SIZE }, () => pool.connect()));
    const answer = app.recordOf('/ways/pgAtOnce/waiting/1');
    await eventually(() => expect(pool.waitingCount).toBe(1));
    await sleep(300);
    for (const client of held) client.release();
    const { parts, calls } = await answer;
    // On a busy machine the event loop of the test itself is blocked meanwhile.
    expect(parts.pool! + (parts.event_loop ?? 0)).toBeGreaterThan(290);
    expect(parts.pool).toBeGreaterThan(0);
    expect(calls).toHaveLength(1);
  }, 60_000);

  it.each(methodsOf(RepeatedStatements))(
    'name the N+1 of %s by its line',
    async (fault) => {
      const { calls } = await app.recordOf(`/faults/${fault}`);
      const repeated = calls.filter(({ isRepeated }) => isRepeated);
      expect(repeated).toHaveLength(1);
      expect(repeated[0]!.count).toBeGreaterThanOrEqual(12);
      expect(repeated[0]!.site).toMatch(/repeated-statements\.mjs:\d+:\d+/);
      expect(await sourceLineOf(repeated[0]!.site)).toContain(`// line of ${fault}`);
    },
    60_000,
  );
});
