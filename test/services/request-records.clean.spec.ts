import { createKeyv } from '@keyv/redis';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { Interval, ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Redis } from 'ioredis';
import createKnex from 'knex';
import { Pool } from 'pg';
import { createClient, type RedisClientType } from 'redis';
import { DataSource } from 'typeorm';
import { RecordedApp } from '../e2e/fixture/recorded-app.js';
import { callsOf } from '../instrumentation/requests/recorded.js';
import { CLEAN, type Clients, CUSTOMER, ORDER, Remotes, SCHEMA } from './fixture/clean-handlers.js';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';
import { RedisServer } from './support/redis.server.js';

const POOL_SIZE = 4;

@Controller()
class CleanController {
  private isJobRunning = false;

  constructor(@Inject('CLIENTS') private readonly clients: Clients) {}

  @Get('clean/:at')
  async clean(@Param('at') at: string): Promise<void> {
    await Object.values(CLEAN)[Number(at)]!(this.clients);
  }

  @Get('nine-statements')
  async nineStatements(): Promise<void> {
    for (let id = 0; id < 9; id++) {
      await this.clients.pool.query('SELECT name FROM customers WHERE id = $1', [id]);
    }
  }

  /** A job beside all requests, which sends the same statement as some of them; one run at a time, however slow it is. */
  @Interval(20)
  async job(): Promise<void> {
    if (this.isJobRunning) return;
    this.isJobRunning = true;
    try {
      await this.nineStatements();
    } finally {
      this.isJobRunning = false;
    }
  }
}

describeWith(['initdb', 'postgres', 'redis-server'], 'the records of handlers without an N+1', () => {
  let app: RecordedApp;
  const background: Promise<unknown>[] = [];
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    const postgres = await PostgresServer.start();
    closing.push(() => postgres.stop());
    const redis = await RedisServer.start();
    closing.push(() => redis.stop());
    const remotes = await Remotes.start(12);
    closing.push(() => remotes.stop());
    await postgres.query(SCHEMA);
    const { url } = postgres;
    const pool = new Pool({ connectionString: url, max: POOL_SIZE });
    const knex = createKnex({
      client: 'pg',
      version: '15',
      connection: url,
      pool: { min: 0, max: POOL_SIZE },
    });
    const ioredis = new Redis(redis.port);
    const nodeRedis: RedisClientType = createClient({ url: redis.url });
    const cache = createCache({ stores: [createKeyv(redis.url)] });
    await nodeRedis.connect();
    closing.push(
      () => pool.end(),
      () => knex.destroy(),
      () => ioredis.disconnect(),
      () => nodeRedis.quit(),
      () => cache.disconnect(),
    );
    app = await RecordedApp.start('express', {
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRoot({
          type: 'postgres',
          url,
          entities: [CUSTOMER, ORDER],
          extra: { max: POOL_SIZE },
        }),
      ],
      controllers: [CleanController],
      providers: [
        ...Object.entries({ pool, knex, ioredis, nodeRedis, cache }).map(([provide, useValue]) => ({
          provide,
          useValue,
        })),
        {
          provide: 'CLIENTS',
          useFactory: (dataSource: DataSource): Clients => {
            const ownUrl = (): string => `http://127.0.0.1:${app.running.port}`;
            return { pool, knex, dataSource, ioredis, nodeRedis, cache, remotes, ownUrl, background };
          },
          inject: [DataSource],
        },
      ],
    });
    closing.push(() => app.close());
  }, 120_000);

  afterAll(async () => {
    await Promise.all(background);
    for (const close of closing.toReversed()) await close();
  }, 60_000);

  it('are of at least fifty kinds', () => {
    expect(Object.keys(CLEAN).length).toBeGreaterThanOrEqual(50);
  });

  it.each(Object.keys(CLEAN).map((name, at) => [name, at] as const))(
    'have no N+1, and parts that add up: %s',
    async (name, at) => {
      const record = await app.recordOf(`/clean/${at}`);
      expect(record.calls.length > 0).toBe(name !== '0 of the same statement');
      expect(JSON.stringify(record.calls)).not.toContain('afterwards');
      expect(callsOf(record).filter((call) => call.endsWith('*'))).toEqual([]);
      const sum = Object.values(record.parts).reduce((total, milliseconds) => total + milliseconds, 0);
      expect(Math.abs(sum - record.durationMs)).toBeLessThan(0.01);
    },
    60_000,
  );
});
