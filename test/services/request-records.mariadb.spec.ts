import { promisify } from 'node:util';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createPool, type Pool } from 'mysql2';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { methodsOf, RecordedApp } from '../e2e/fixture/recorded-app.js';
import { total } from '../e2e/fixture/start-app.js';
import { sourceLineOf } from '../support/source-line.js';
import { RepeatedMysqlStatements } from './fixture/repeated-mysql-statements.mjs';
import { describeWith } from './support/binaries.js';
import { MariaDbServer } from './support/mariadb.server.js';

/** Ways to send a number of statements, which hold a text with the key of their request. */
const WAYS: Readonly<Record<string, (pool: Pool, key: string, n: number) => Promise<unknown>>> = {
  promises: async (pool, key, n) => {
    for (let i = 0; i < n; i++) await pool.promise().query(`SELECT ${i} AS promises, '${key}' AS text`);
  },
  'at-once': (pool, key, n) =>
    Promise.all(
      Array.from({ length: n }, (_, i) => pool.promise().query(`SELECT ${i} AS at_once, '${key}' AS text`)),
    ),
  callbacks: (pool, key, n) => {
    const query = (left: number, done: (error?: Error | null) => void): void => {
      if (left === 0) return done();
      pool.query(`SELECT ${left} AS callbacks, '${key}' AS text`, (error) =>
        error ? done(error) : query(left - 1, done),
      );
    };
    return promisify(query)(n);
  },
  connection: async (pool, key, n) => {
    const connection = await pool.promise().getConnection();
    try {
      for (let i = 0; i < n; i++) await connection.query(`SELECT ${i} AS connection, '${key}' AS text`);
    } finally {
      connection.release();
    }
  },
};

@Controller()
class AppController {
  constructor(@Inject('POOL') private readonly pool: Pool) {}

  @Get('ways/:way/:key/:n')
  async way(@Param('way') way: string, @Param('key') key: string, @Param('n') n: string): Promise<void> {
    await WAYS[way]!(this.pool, key, Number(n));
  }

  @Get('faults/:fault')
  fault(@Param('fault') fault: string): Promise<void> {
    return (new RepeatedMysqlStatements(this.pool) as unknown as Record<string, () => Promise<void>>)[
      fault
    ]!();
  }
}

describeWith(['mariadbd', 'mariadb-install-db'], 'the records of requests to MariaDB', () => {
  let server: MariaDbServer;
  let pool: Pool;
  let app: RecordedApp;

  beforeAll(async () => {
    server = await MariaDbServer.start('--log-output=TABLE', '--general-log=1');
    pool = createPool({ uri: server.url, connectionLimit: 2 });
    app = await RecordedApp.start('fastify', {
      controllers: [AppController],
      providers: [{ provide: 'POOL', useValue: pool }],
    });
  }, 120_000);

  afterAll(async () => {
    await app?.close();
    await pool?.promise().end();
    await server?.stop();
  }, 60_000);

  it('have each statement that the server logged for a request, and none of another request', async () => {
    const names = Object.keys(WAYS);
    const requests = Array.from({ length: 80 }, (_, i) => ({
      way: names[i % names.length]!,
      key: `key-${i}-`,
      n: (i * 5) % 7,
    }));
    const counted = total(app.registry, 'http_request_queries_total');
    const records = new Map<string, RequestRecord>();
    const next = requests[Symbol.iterator]();
    const client = async (): Promise<void> => {
      for (const { way, key, n } of next) records.set(key, await app.recordOf(`/ways/${way}/${key}/${n}`));
    };
    await Promise.all(Array.from({ length: 10 }, client));

    const log = await server.query(
      "SELECT argument FROM mysql.general_log WHERE command_type = 'Query' AND argument LIKE '%''key-%'",
    );
    const logged = log.map(({ argument }) => String(argument)).filter((text) => text.includes('AS text'));
    for (const { key } of requests) {
      const calls = records.get(key)!.calls.filter(({ part }) => part === 'database');
      expect(calls.length).toBeLessThanOrEqual(1);
      expect(calls[0]?.count ?? 0).toBe(logged.filter((text) => text.includes(`'${key}'`)).length);
      expect(JSON.stringify(calls)).not.toContain('key-');
    }
    expect(total(app.registry, 'http_request_queries_total') - counted).toBe(logged.length);
  }, 120_000);

  it.each(methodsOf(RepeatedMysqlStatements))(
    'name the N+1 of %s by its line',
    async (fault) => {
      const { calls } = await app.recordOf(`/faults/${fault}`);
      expect(calls).toEqual([
        expect.objectContaining({ system: 'mysql', count: 12, isRepeated: true, part: 'database' }),
      ]);
      expect(await sourceLineOf(calls[0]!.site)).toContain(`// line of ${fault}`);
    },
    60_000,
  );
});
