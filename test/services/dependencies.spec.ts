import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { Queue, Worker } from 'bullmq';
import knex from 'knex';
import { ModulesContainer } from '@nestjs/core';
import { MonitoringModule } from 'nestjs-monitoring';
import { Client, Pool } from 'pg';
import type { Page } from 'playwright-core';
import { DependencyInspector } from '../../lib/diagnostics/dependencies/dependency-inspector.js';
import type { PostgresqlReport, ReportPart } from '../../lib/diagnostics/dependencies/postgresql-report.js';
import type { FailedJobs } from '../../lib/integrations/bullmq/bullmq.failed-jobs.js';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { ADAPTERS, eventually, type RunningApp, seriesOf, startApp } from '../e2e/fixture/start-app.js';
import { expectThat } from '../support/expectations.js';
import { violations } from './support/axe.js';
import { describeWith } from './support/binaries.js';
import { Browser } from './support/browser.js';
import { whileFrozen } from './support/frozen.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';

const PATIENCE_MS = 100_000;
const API = '/metrics-dashboard/api';
const TOKEN = { authorization: 'Bearer T0ken' };
const SENT = { ...TOKEN, 'content-type': 'application/json', 'x-monitoring-request': 'dashboard' };
const SCREENS = [
  ['light', 1280],
  ['dark', 768],
  ['light', 360],
] as const;
/** A value of a statement, which must be nowhere. */
const SECRET = 'hunter2';

async function ask<T>(app: RunningApp, path: string, status = 200): Promise<T> {
  const { status: answered, body } = await app.get(`${API}/${path}`, { headers: TOKEN });
  expectThat(answered, body).toBe(status);
  return JSON.parse(body) as T;
}

function rowsOf<T>(part: ReportPart<T>): readonly T[] {
  if ('problem' in part) throw new Error(part.problem);
  return part.rows;
}

/** Opens a place of the dashboard with the token that the application wants. */
async function openSignedIn(browser: Browser, app: RunningApp, place: string) {
  const { page, offences } = await browser.open(`http://127.0.0.1:${app.port}/metrics-dashboard#/${place}`);
  await page.getByLabel('Bearer token').fill('T0ken');
  await page.getByRole('button', { name: 'Sign in' }).click();
  return { page, offences };
}

/** Looks at a page in several widths and in both themes. */
async function expectAccessible(page: Page): Promise<void> {
  for (const [scheme, width] of SCREENS) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    expectThat(await violations(page), `${scheme}, ${width} pixels`).toEqual([]);
    await eventually(async () => {
      const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(shown).toBeLessThanOrEqual(width);
    });
  }
}
interface Card {
  readonly kind: string;
  readonly name: string;
  readonly perSecond: number;
  readonly errorPercent?: number;
  readonly state: string;
  readonly reasons: readonly string[];
  readonly facts: readonly { readonly title: string; readonly value: number; readonly max?: number }[];
  readonly checks: readonly { readonly name: string; readonly status: string }[];
  readonly details: readonly string[];
}

describeWith(['initdb', 'postgres', 'chromium'], 'the databases of an application, on the dashboard', () => {
  let server: PostgresServer;
  let pool: Pool;
  let app: RunningApp;

  beforeAll(async () => {
    server = await PostgresServer.start({ shared_preload_libraries: 'pg_stat_statements' });
    await server.query(`CREATE EXTENSION pg_stat_statements;
      CREATE TABLE customers (id serial PRIMARY KEY, name text);
      CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, shop int, note text);
      CREATE TABLE lines (id serial PRIMARY KEY, "order" int REFERENCES orders);
      CREATE INDEX lines_order ON lines ("order"); CREATE INDEX orders_note ON orders (note);
      INSERT INTO customers (name) SELECT 'c' FROM generate_series(1, 10);
      INSERT INTO orders (customer, shop) SELECT 1 + n % 10, n FROM generate_series(1, 3000) n;
      CREATE ROLE clerk LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk`);
    pool = new Pool({ connectionString: server.url, max: 2 });
    pool.on('error', () => undefined);
    const clerks = new Pool({ connectionString: server.url.replace('postgres@', 'clerk@') });
    clerks.on('error', () => undefined);
    app = await startApp('express', withProviders(pool, clerks));
  }, 60_000);

  function withProviders(shop: Pool, clerks: Pool): DynamicModule {
    @Module({})
    class AppModule {}
    return {
      module: AppModule,
      imports: [
        MonitoringModule.forRoot({
          endpoints: { auth: { bearerToken: 'T0ken' } },
          collectors: { runtime: false, system: false },
        }),
      ],
      providers: [
        { provide: 'SHOP', useValue: shop },
        { provide: 'CLERKS', useValue: clerks },
        { provide: 'KNEX', useValue: knex({ client: 'pg', connection: server.url, pool: { min: 0 } }) },
      ],
    };
  }

  afterAll(async () => {
    await app.app.get<ReturnType<typeof knex>>('KNEX').destroy();
    await app.app.get<Pool>('CLERKS').end();
    await app.close();
    await pool.end();
    await server.stop();
  });

  const report = (name = 'SHOP'): Promise<PostgresqlReport> =>
    ask<PostgresqlReport>(app, `dependencies/postgresql?name=${name}`);

  it('say what runs, who waits for whom, and no value of a statement, also if the pool has no connection left', async () => {
    const [holder, waiter] = [await pool.connect(), await pool.connect()];
    await holder.query('BEGIN');
    await holder.query(`UPDATE orders SET note = '${SECRET}' WHERE id = 1`);
    const waiting = waiter.query(
      `UPDATE orders SET note = $tag$${SECRET}$tag$ WHERE id = 1 AND shop < 471147114711`,
    );
    try {
      await eventually(async () => {
        const { activity, locks } = await report();
        const [lock] = rowsOf(locks);
        expect(lock).toMatchObject({
          mode: 'ShareLock',
          on: 'transactionid',
          statement: 'UPDATE orders SET note = ? WHERE id = ? AND shop < ?',
          holder: { state: 'idle in transaction', statement: 'UPDATE orders SET note = ? WHERE id = ?' },
        });
        expect(rowsOf(activity)).toEqual([
          expect.objectContaining({ pid: lock?.holder.pid, state: 'idle in transaction' }),
          expect.objectContaining({ pid: lock?.pid, state: 'active', waitsFor: 'Lock: transactionid' }),
        ]);
        expect(JSON.stringify({ activity, locks })).not.toMatch(/hunter2|471147114711/);
      }, PATIENCE_MS);
      const browser = await Browser.start();
      const { page } = await openSignedIn(browser, app, 'dependencies/postgresql/SHOP');
      await page
        .getByRole('heading', { level: 1, name: 'PostgreSQL SHOP' })
        .waitFor({ timeout: PATIENCE_MS });
      const locks = page.getByRole('region', { name: 'Waiting for locks' });
      await locks.getByText('UPDATE orders SET note = ? WHERE id = ? AND shop < ?').waitFor();
      await expectAccessible(page);
      await page.evaluate("location.hash = '#/dependencies'");
      await page.getByRole('link', { name: 'Look into SHOP' }).waitFor({ timeout: PATIENCE_MS });
      await expectAccessible(page);
      await browser.stop();
      const { cards } = await ask<{ cards: Card[] }>(app, 'dependencies');
      const database = cards.find(({ kind }) => kind === 'database');
      expect(database?.details).toEqual(expect.arrayContaining(['SHOP', 'CLERKS', 'KNEX']));
    } finally {
      await holder.query('ROLLBACK');
      await waiting;
      holder.release();
      waiter.release();
    }
  }, 60_000);

  it('say which statements take the time, and which indexes are missing or of no use', async () => {
    for (let i = 0; i < 12; i++)
      await server.query(`SELECT count(*) FROM orders WHERE shop = ${i} OR note = '${SECRET}'`);
    await eventually(async () => {
      const { slowest, unusedIndexes, keysWithoutIndex, tablesReadWhole, countedSince } = await report();
      expect(rowsOf(slowest)).toContainEqual(
        expect.objectContaining({
          statement: 'SELECT count(*) FROM orders WHERE shop = ? OR note = ?',
          calls: 12,
          rows: 12,
        }),
      );
      expect(JSON.stringify(slowest)).not.toMatch(/hunter2|nestjs-monitoring/);
      expect(
        rowsOf(unusedIndexes)
          .map(({ index, table }) => `${table}.${index}`)
          .toSorted(),
      ).toEqual(['lines.lines_order', 'orders.orders_note']);
      expect(rowsOf(keysWithoutIndex)).toEqual([
        expect.objectContaining({ table: 'orders', columns: 'customer', referenced: 'customers' }),
      ]);
      expect(rowsOf(tablesReadWhole)).toEqual([
        expect.objectContaining({ table: 'orders', rowsPerScan: expect.any(Number) as unknown }),
      ]);
      expect(countedSince).toBeGreaterThan(Date.now() - 3_600_000);
    }, PATIENCE_MS);
  }, 60_000);

  it('say what the role may not see, and what it may all the same', async () => {
    const { activity, locks, slowest, keysWithoutIndex } = await report('CLERKS');
    expect(activity).toMatchObject({ note: expect.stringContaining('Grant it pg_monitor.') as unknown });
    expect(rowsOf(locks)).toEqual([]);
    expect(rowsOf(slowest).every(({ statement }) => statement === '<insufficient privilege>')).toBe(true);
    expect(rowsOf(keysWithoutIndex)).toHaveLength(1);
    await server.query('DROP EXTENSION pg_stat_statements');
    await eventually(async () => {
      const { slowest: without } = await report('KNEX');
      expect(without).toEqual({ problem: expect.stringContaining('is not installed') as unknown });
    }, PATIENCE_MS);
  }, 60_000);

  it('are read by nobody but people: over a connection of its own, closed afterwards, that can write nothing', async () => {
    const own = (): Promise<Record<string, unknown>[]> =>
      server.query(`SELECT query FROM pg_stat_activity WHERE application_name = 'nestjs-monitoring'`);
    await eventually(async () => expect(await own()).toEqual([]), PATIENCE_MS);
    const before = pool.totalCount;
    await report();
    expect(pool.totalCount).toBe(before);
    await eventually(async () => expect(await own()).toEqual([]), PATIENCE_MS);
    await app.get('/metrics', { headers: TOKEN });
    expect(await own()).toEqual([]);
    const recorded = seriesOf(app.registry, 'db_client_operation_duration_seconds');
    expect(recorded.filter(({ labels }) => String(labels['table']).startsWith('pg_'))).toEqual([]);
  }, 60_000);

  it('are unknown by another name, and keep nobody waiting while they hang', async () => {
    await ask(app, 'dependencies/postgresql?name=NONE', 404);
    await eventually(report, PATIENCE_MS);
    // The age of an answer that is given again.
    await eventually(async () => {
      const { readAt } = await report();
      expect(Date.now() - readAt).toBeLessThan(10_000);
    }, PATIENCE_MS);
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('BEGIN; LOCK TABLE pg_catalog.pg_constraint IN ACCESS EXCLUSIVE MODE');
    try {
      await eventually(async () => {
        const { keysWithoutIndex, activity } = await report();
        expect(keysWithoutIndex).toMatchObject({ problem: expect.stringMatching(/timeout/) as unknown });
        expect(rowsOf(activity)).toHaveLength(1);
      }, PATIENCE_MS);
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
  }, 60_000);

  it('that do not answer are given up, and are read again when they do', async () => {
    const objects = new ApplicationObjects(app.app.get(ModulesContainer));
    const inspector = new DependencyInspector(objects, Date.now, () => performance.now(), 2_000);
    await whileFrozen(server, async () => {
      await expect(inspector.readPostgresql('SHOP')).rejects.toThrow('no answer within 2 s');
    });
    await eventually(async () => {
      expect(await inspector.readPostgresql('SHOP')).toMatchObject({ locks: { rows: [] } });
    }, PATIENCE_MS);
  }, 60_000);
});

describeWith(
  ['redis-server', 'chromium'],
  'the queues and caches of an application, on the dashboard',
  () => {
    describe.each(ADAPTERS)('on %s', (adapter) => {
      let server: RedisServer;
      let app: RunningApp;
      let queue: Queue;
      let worker: Worker;
      const stock = { mails: 0 };

      beforeAll(async () => {
        server = await RedisServer.start();
        const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
        app = await startApp(adapter, moduleOf(connection));
        queue = new Queue('mails', { connection });
        worker = new Worker(
          'mails',
          () => {
            if (stock.mails === 0) throw new Error(`no mail server at smtp://ops:${SECRET}@mail.test`);
            return Promise.resolve();
          },
          { connection },
        );
      }, 60_000);

      function moduleOf(connection: object): DynamicModule {
        @Module({})
        class AppModule {}
        return {
          module: AppModule,
          imports: [
            MonitoringModule.forRoot({
              endpoints: { auth: { bearerToken: 'T0ken' } },
              collectors: { runtime: false, system: false },
            }),
            BullModule.forRoot({ connection }),
            BullModule.registerQueue({ name: 'mails' }),
          ],
        };
      }

      afterAll(async () => {
        await worker.close();
        await queue.close();
        await app.close();
        await server.stop();
      });

      const failed = (): Promise<FailedJobs & { canRetry: boolean }> =>
        ask(app, 'dependencies/jobs?queue=mails');

      function retry(body: object, headers: Readonly<Record<string, string>> = SENT) {
        return app.ask({
          method: 'POST',
          path: `${API}/dependencies/retry`,
          headers,
          body: JSON.stringify(body),
        });
      }

      it('show failed jobs without their data, and run them again for people with credentials', async () => {
        stock.mails = 0;
        await queue.addBulk(
          [1, 2, 3].map((number) => ({ name: 'welcome', data: { to: `person-${number}` } })),
        );
        await eventually(async () => expect((await failed()).total).toBe(3), PATIENCE_MS);
        const { jobs, canRetry } = await failed();
        expect(canRetry).toBe(true);
        expect(jobs[0]).toMatchObject({
          name: 'welcome',
          attempts: 1,
          reason: 'no mail server at smtp://***@mail.test',
          stack: expect.arrayContaining([expect.stringContaining('dependencies.spec')]) as unknown,
        });
        expect(JSON.stringify(jobs)).not.toMatch(/person-|hunter2/);
        await eventually(async () => {
          await app.registry.collect();
          await app.app.get(HistorySampler).sampleNow();
          const { cards } = await ask<{ cards: Card[] }>(app, 'dependencies');
          expect(cards.find(({ kind }) => kind === 'queue')).toMatchObject({
            name: 'mails',
            state: 'warning',
            reasons: ['3 jobs have failed for good.'],
            details: ['mails'],
          });
        }, PATIENCE_MS);

        const { authorization, ...anonymous } = SENT;
        expect(authorization).toBe('Bearer T0ken');
        expect((await retry({ queue: 'mails', job: jobs[0]?.id }, anonymous)).status).toBe(401);
        expect((await retry({ queue: 'mails' }, { ...SENT, 'sec-fetch-site': 'cross-site' })).status).toBe(
          403,
        );
        expect((await retry({ queue: 'mails', job: 'none' })).status).toBe(404);
        expect((await retry({ queue: 'none' })).status).toBe(404);
        expect((await retry({ queue: 7 })).status).toBe(400);
        stock.mails = 1;
        const browser = await Browser.start();
        const { page } = await openSignedIn(browser, app, 'dependencies/queue/mails');
        const row = page.getByRole('row', { name: `welcome (${jobs[0]?.id})` });
        await row.waitFor({ timeout: PATIENCE_MS });
        if (adapter === 'express') await expectAccessible(page);
        await row.getByRole('button', { name: 'Retry' }).click();
        await row.waitFor({ state: 'detached', timeout: PATIENCE_MS });
        await browser.stop();
        await eventually(async () => expect((await failed()).total).toBe(2), PATIENCE_MS);
        await eventually(async () => {
          expect((await retry({ queue: 'mails', job: jobs[0]?.id })).status).toBe(409);
        }, PATIENCE_MS);
        expect((await retry({ queue: 'mails' })).status).toBe(200);
        await eventually(async () => expect((await failed()).total).toBe(0), PATIENCE_MS);
        const counted = seriesOf(app.registry, 'monitoring_dashboard_actions_total').map(
          ({ labels }) => `${labels['panel']} ${labels['action']} ${labels['outcome']}`,
        );
        expect(counted).toEqual(
          expect.arrayContaining([
            'BullMQ mails Retry a failed job success',
            'BullMQ mails Retry a failed job error',
            'BullMQ mails Retry all failed jobs success',
          ]),
        );
      }, 90_000);
    });
  },
);
