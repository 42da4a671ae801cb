// What it costs to watch the statements of an application, and to ask its server for statistics once. PostgreSQL takes
// part if DATABASE_URL names one that nothing else uses.
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { type Measured, summary } from '../measure.js';
import { formatRow } from '../table.js';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const ROUNDS = flags.quick ? 2 : 40;
const STATEMENTS = flags.quick ? 50 : 500;
const BEATS_MS = flags.quick ? 200 : 5_000;
const OURS = 'nestjs-monitoring';
const WITHOUT = 'without monitoring';
const url = process.env['DATABASE_URL'];

function monitored(
  database: object,
  collectors: MonitoringOptions['collectors'],
): Promise<INestApplicationContext> {
  @Module({
    imports: [MonitoringModule.forRoot({ collectors: { runtime: false, system: false, ...collectors } })],
    providers: [{ provide: 'DATABASE', useValue: database }],
  })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, { logger: false });
}

/** Nanoseconds of processor time that this process takes for a statement; the subjects take turns. */
async function measureStatements(
  subjects: Readonly<Record<string, (id: number) => Promise<unknown>>>,
): Promise<Record<string, Measured>> {
  const found = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, query] of Object.entries(subjects)) {
      const before = process.cpuUsage();
      for (let id = 0; id < STATEMENTS; id++) await query(id);
      const { user, system } = process.cpuUsage(before);
      // The first rounds warm up.
      if (round >= 0) found.get(name)?.push(((user + system) / STATEMENTS) * 1_000);
    }
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, summary(values)]));
}

async function typeOrm(): Promise<void> {
  const open = async () => {
    const source = await new DataSource({ type: 'sqljs' }).initialize();
    await source.query('CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)');
    for (let id = 0; id < 1_000; id++) await source.query('INSERT INTO orders VALUES (?, ?)', [id, 'x']);
    return source;
  };
  const [plain, watched] = [await open(), await open()];
  const app = await monitored(watched, { database: { intervalMs: 3_600_000 } });
  const by = (source: DataSource) => (id: number) =>
    source.query('SELECT id, note FROM orders WHERE id = ?', [id]);
  const results = await measureStatements({ [OURS]: by(watched), [WITHOUT]: by(plain) });
  console.log(formatRow({ title: 'a statement of TypeORM on sql.js', unit: 'ns', results }));
  await app.close();
  await plain.destroy();
  await watched.destroy();
}

async function pg(connectionString: string): Promise<void> {
  const [plain, watched] = [new Pool({ connectionString, max: 1 }), new Pool({ connectionString, max: 1 })];
  const app = await monitored(watched, { database: { intervalMs: 3_600_000 } });
  const by = (pool: Pool) => (id: number) => pool.query('SELECT $1::int AS id', [id]);
  const results = await measureStatements({ [OURS]: by(watched), [WITHOUT]: by(plain) });
  console.log(formatRow({ title: 'a statement of pg on PostgreSQL', unit: 'ns', results }));
  await app.close();
  await plain.end();
  await watched.end();
}

/** Asks far more often than anybody would, counts how often, and compares with an application that does not ask. */
async function statistics(connectionString: string): Promise<void> {
  const pool = new Pool({ connectionString, max: 1 });
  const client = await pool.connect();
  const query = client.query as (...args: unknown[]) => unknown;
  let collections = 0;
  client.query = function (this: unknown, ...args: unknown[]) {
    // Each collection asks for the connections once.
    if (String(args[0]).includes('pg_stat_activity')) collections++;
    return query.apply(this, args);
  } as typeof client.query;
  client.release();
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
    `one collection of the statistics of PostgreSQL\n  ${milliseconds.toFixed(2)} ms of CPU (${collections} in ${BEATS_MS} ms)`,
  );
  await pool.end();
}

await typeOrm();
if (url === undefined) console.log('PostgreSQL: skipped, since DATABASE_URL is not set');
else {
  await pg(url);
  await statistics(url);
}
