import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Injectable, Module, Param, Post } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Inject } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { type RequestRecord, RequestRecords } from 'nestjs-monitoring/diagnostics';
import type { DataSource } from 'typeorm';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

@Injectable()
class Orders {
  constructor(@Inject(getDataSourceToken()) private readonly dataSource: DataSource) {}

  async list(): Promise<unknown> {
    return this.dataSource.query('SELECT 1 AS id WHERE 1 = 1');
  }

  async each(ids: readonly number[]): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const id of ids) found.push(await this.dataSource.query(`SELECT ${id} AS id WHERE 'a' = 'a'`));
    return found;
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Get()
  async list(): Promise<unknown> {
    await sleep(5);
    return this.orders.list();
  }

  @Get('each/:count')
  each(@Param('count') count: string): Promise<unknown> {
    return this.orders.each(Array.from({ length: Number(count) }, (_, i) => i));
  }

  @Post()
  async create(@Body() body: object): Promise<unknown> {
    await sleep(1);
    await this.orders.list();
    return body;
  }

  @Get('broken')
  broken(): string {
    throw new TypeError('order order-x7q of Ada');
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'sqljs', autoSave: false }),
    MonitoringModule.forRoot({ requests: { records: { sampleRate: 1 } } }),
  ],
  controllers: [OrdersController],
  providers: [Orders],
})
class AppModule {}

describe.each(ADAPTERS)('the record of a request on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => (app = await startApp(adapter, AppModule)));
  afterAll(() => app.close());

  async function recordOf(name: string, list: 'slowest' | 'failures' = 'slowest'): Promise<RequestRecord> {
    let found: RequestRecord | undefined;
    await eventually(() => {
      [found] = app.app.get(RequestRecords).find({ name, list });
      expect(found).toBeDefined();
    });
    return found!;
  }

  it('names the statements by shape, with their count and the line that sent them', async () => {
    await app.get('/orders');
    const record = await recordOf('GET /orders');
    expect(record.calls).toEqual([
      expect.objectContaining({
        part: 'database',
        name: 'SELECT ? AS id WHERE ? = ?',
        count: 1,
        isRepeated: false,
        site: expect.stringMatching(/^Orders\.list \(test\/e2e\/request-records.spec.ts:\d+:\d+\)$/),
      }),
    ]);
    expect(record.status).toBe(200);
  });

  it('explains the whole duration', async () => {
    await app.get('/orders');
    const { parts, durationMs } = await recordOf('GET /orders');
    const sum = Object.values(parts).reduce((all, part) => all + part, 0);
    expect(sum / durationMs).toBeGreaterThan(0.95);
    expect(sum / durationMs).toBeLessThan(1.05);
  });

  it('names an N+1 by its line', async () => {
    await app.get('/orders/each/12');
    const { calls } = await recordOf('GET /orders/each/:count');
    expect(calls).toEqual([
      expect.objectContaining({
        count: 12,
        isRepeated: true,
        site: expect.stringMatching(/^Orders\.each /),
      }),
    ]);
  });

  it('has the statements after a body', async () => {
    await app.ask({
      method: 'POST',
      path: '/orders',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ a: 'x'.repeat(50_000) }),
    });
    expect((await recordOf('POST /orders')).calls).toHaveLength(1);
  });

  it('names the exception and its line, but not its message', async () => {
    await app.get('/orders/broken');
    const record = await recordOf('GET /orders/broken', 'failures');
    expect(record.exception).toEqual({
      error: 'TypeError',
      site: expect.stringMatching(/^OrdersController\.broken \(test\/e2e\/request-records/),
    });
    expect(JSON.stringify(record)).not.toContain('order-x7q');
  });
});
