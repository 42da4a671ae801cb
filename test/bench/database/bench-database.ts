// What it costs to watch the statements of an application, and to ask its server for statistics once. PostgreSQL takes
// part if DATABASE_URL names one that nothing else uses.
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { summary } from '../measure.js';
import { formatNumber } from '../format-number.js';

type Query = (id: number) => Promise<unknown>;

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const ROUNDS = flags.quick ? 2 : 200;
const WARM_UP = flags.quick ? 0 : 10;
const STATEMENTS = flags.quick ? 20 : 200;
const BEATS_MS = flags.quick ? 200 : 5_000;
const url = process.env['DATABASE_URL'];

function monitored(
  database: object,
  collectors: Exclude<MonitoringOptions['collectors'], boolean>,
): Promise<INestApplicationContext> {
  @Module({
    imports: [MonitoringModule.forRoot({ collectors: { runtime: false, system: false, ...collectors } })],
    providers: [{ provide: 'DATABASE', useValue: database }],
  })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, { logger: false });
}

/** Nanoseconds of processor time that this process takes for a statement. */
async function costOf(query: Query): Promise<number> {
  const before = process.cpuUsage();
  for (let id = 0; id < STATEMENTS; id++) await query(id);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / STATEMENTS) * 1_000;
}

/** Compares in short turns, so that whatever else the machine does hits both alike. */
async function compare(title: string, watched: Query, plain: Query): Promise<void> {
  const costs: number[] = [];
  const added: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const first = round % 2 === 0 ? plain : watched;
    const firstCost = await costOf(first);
    const secondCost = await costOf(first === plain ? watched : plain);
    const [cost, watchedCost] = first === plain ? [firstCost, secondCost] : [secondCost, firstCost];
    if (round < 0) continue;
    costs.push(cost);
    added.push(watchedCost - cost);
  }
  const { median, low, high } = summary(added);
  console.log(
    `${title}\n  ${formatNumber(summary(costs).median)} ns, and ${formatNumber(median)} ns more if it is watched (${formatNumber(low)}–${formatNumber(high)})`,
  );
}

async function openSqlJs(): Promise<DataSource> {
  const source = await new DataSource({ type: 'sqljs' }).initialize();
  await source.query('CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)');
  for (let id = 0; id < STATEMENTS; id++) await source.query('INSERT INTO orders VALUES (?, ?)', [id, 'x']);
  return source;
}

async function typeOrm(): Promise<void> {
  const plain = await openSqlJs();
  const watched = await openSqlJs();
  const app = await monitored(watched, { database: { intervalMs: 3_600_000 } });
  const sql = 'SELECT id, note FROM orders WHERE id = ?';
  await compare(
    'a statement of TypeORM on sql.js',
    (id) => watched.query(sql, [id]),
    (id) => plain.query(sql, [id]),
  );
  await app.close();
  await plain.destroy();
  await watched.destroy();
}

async function pg(connectionString: string): Promise<void> {
  const plain = new Pool({ connectionString, max: 1 });
  const watched = new Pool({ connectionString, max: 1 });
  const app = await monitored(watched, { database: { intervalMs: 3_600_000 } });
  const sql = 'SELECT $1::int AS id';
  await compare(
    'a statement of pg on PostgreSQL',
    (id) => watched.query(sql, [id]),
    (id) => plain.query(sql, [id]),
  );
  await app.close();
  await plain.end();
  await watched.end();
}

/** Asks far more often than anybody would, counts how often, and compares with an application that does not ask. */
async function statistics(connectionString: string): Promise<void> {
  const pool = new Pool({ connectionString, max: 1 });
  let collections = 0;
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      // Each collection asks for the connections once.
      if (String(args[0]).includes('pg_stat_activity')) collections++;
      return query(...args);
    }) as typeof client.query;
  });
  const cpuOf = async (database: { intervalMs: number } | false): Promise<number> => {
    const app = await monitored(pool, { database });
    collections = 0;
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, BEATS_MS));
    const { user, system } = process.cpuUsage(before);
    await app.close();
    return user + system;
  };
  await cpuOf({ intervalMs: 20 });
  const idle = await cpuOf(false);
  const asking = await cpuOf({ intervalMs: 20 });
  const milliseconds = (asking - idle) / collections / 1_000;
  console.log(
    `one collection of the statistics of PostgreSQL\n  ${formatNumber(milliseconds)} ms (${collections} in ${BEATS_MS} ms)`,
  );
  await pool.end();
}

await typeOrm();
if (url === undefined) console.log('PostgreSQL: skipped, since DATABASE_URL is not set');
else {
  await pg(url);
  await statistics(url);
}
