import { Controller, Get, Inject, Param } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose, { type Connection, type Model, Schema } from 'mongoose';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { sourceLineOf } from '../support/source-line.js';
import { MongoServer } from './fixture/mongo.server.js';
import { methodsOf, RecordedApp } from './fixture/recorded-app.js';
import { RepeatedCommands } from './fixture/repeated-commands.mjs';
import { total } from './fixture/start-app.js';

type Orders = Model<Record<string, unknown>>;

/** What a handler does, and the shapes of its commands. */
const SHAPES: Readonly<Record<string, readonly [(orders: Orders) => Promise<unknown>, readonly string[]]>> = {
  'fields of a filter': [
    (orders) => orders.find({ status: 'secret', 'customer.id': { $in: [471147114711] } }),
    ['find orders {status, customer.id}'],
  ],
  alternatives: [
    (orders) => orders.find({ $or: [{ status: 'secret' }, { total: { $gt: 471147114711 } }] }),
    ['find orders {status, total}'],
  ],
  'parts of a path that are data': [
    (orders) => orders.find({ 'notes.47114711.text': 'secret', 'a b': 1 }),
    ['find orders {notes.?.text, ?}'],
  ],
  'no filter': [(orders) => orders.find(), ['find orders {}']],
  'a count': [
    (orders) => orders.countDocuments({ status: 'secret' }),
    ['aggregate orders [$match {status}, $group]'],
  ],
  'an insertion': [(orders) => orders.create({ status: 'secret' }), ['insert orders']],
  'a deletion': [(orders) => orders.deleteOne({ status: 'secret' }), ['delete orders {status}']],
  'an update of one': [
    (orders) => orders.findOneAndUpdate({ status: 'secret' }, { status: 'secret2' }),
    ['findAndModify orders {status}'],
  ],
  'values of a field': [
    (orders) => orders.distinct('status', { total: 471147114711 }),
    ['distinct orders {total}'],
  ],
  'two at once': [
    (orders) => Promise.all([orders.find({ status: 'secret' }), orders.deleteMany({ total: 471147114711 })]),
    ['delete orders {total}', 'find orders {status}'],
  ],
};

@Controller()
class OrdersController {
  constructor(@Inject('CONNECTION') private readonly connection: Connection) {}

  private get orders(): Orders {
    return this.connection.model('Order') as Orders;
  }

  @Get('faults/:name')
  async fault(@Param('name') name: string): Promise<void> {
    await (new RepeatedCommands(this.orders) as unknown as Record<string, () => Promise<void>>)[name]!();
  }

  @Get('shapes/:name')
  async shape(@Param('name') name: string): Promise<void> {
    await SHAPES[name]![0](this.orders);
  }

  @Get('at-once/:n')
  async atOnce(@Param('n') n: string): Promise<void> {
    await Promise.all(Array.from({ length: Number(n) }, () => this.orders.findOne({ key: 'at-once' })));
  }

  @Get('mixed/:key/:n')
  async mixed(@Param('key') key: string, @Param('n') n: string): Promise<void> {
    for (let i = 0; i < Number(n); i++) await this.orders.findOne({ key });
  }
}

describe('the record of a request to MongoDB', () => {
  let server: MongoServer;
  let connection: Connection;
  let app: RecordedApp;

  beforeAll(async () => {
    server = await MongoServer.start();
    connection = mongoose.createConnection(server.url, { monitorCommands: true, maxPoolSize: 3 });
    connection.model(
      'Order',
      new Schema({}, { strict: false, collection: 'orders', autoCreate: false, autoIndex: false }),
    );
    await connection.asPromise();
    app = await RecordedApp.start('express', {
      controllers: [OrdersController],
      providers: [{ provide: 'CONNECTION', useValue: connection }],
    });
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    await connection?.close();
    await server?.stop();
  }, 60_000);

  it.each(methodsOf(RepeatedCommands))('names the N+1 of %s by its line', async (name) => {
    const { calls, parts } = await app.recordOf(`/faults/${name}`);
    expect(calls).toEqual([expect.objectContaining({ system: 'mongodb', count: 12, isRepeated: true })]);
    expect(await sourceLineOf(calls[0]!.site)).toContain(`// line of ${name}`);
    // The double answers from this process: on a busy machine, all of its time is that of the event loop.
    expect((parts.database ?? 0) + (parts.event_loop ?? 0)).toBeGreaterThan(0);
  });

  it.each(Object.keys(SHAPES))('names commands by their fields, without a value: %s', async (name) => {
    const { calls } = await app.recordOf(`/shapes/${encodeURIComponent(name)}`);
    expect(calls.map((call) => call.name).toSorted()).toEqual(SHAPES[name]![1]);
    expect(JSON.stringify(calls)).not.toMatch(/secret|471147114711/);
  });

  it('tells the wait for a connection of a full pool from the time of the commands, in the request that waits', async () => {
    // Warm: the pool of three connections has been opened.
    await app.recordOf('/at-once/9');
    server.delayMs = 60;
    try {
      const [first, second] = await Promise.all([
        app.recordOf('/at-once/6'),
        app.recordOf('/at-once/3?second'),
      ]);
      // Three turns of the pool: six commands of the first request, then three of the second one.
      expect(first.calls).toEqual([expect.objectContaining({ count: 6 })]);
      expect(second.calls).toEqual([expect.objectContaining({ count: 3 })]);
      const waited = Math.max(...[first, second].map(({ parts }) => parts.pool ?? 0));
      expect(waited).toBeGreaterThan(0);
      // The double answers from this process: on a busy machine, some of its time is that of the event loop.
      const late = Math.max(...[first, second].map(({ parts }) => parts.event_loop ?? 0));
      expect(waited + late).toBeGreaterThan(100);
    } finally {
      server.delayMs = 2;
    }
    const { parts } = await app.recordOf('/at-once/1');
    expect(parts.pool ?? 0).toBeLessThan(60);
  });

  it('has each command that the server got for it, and none of another request', async () => {
    const counted = total(app.registry, 'http_request_queries_total');
    const before = server.commands.length;
    const keys = Array.from({ length: 60 }, (_, i) => ({ key: `key-${i}-`, n: i % 7 }));
    const next = keys[Symbol.iterator]();
    const records = new Map<string, RequestRecord>();
    const client = async (): Promise<void> => {
      for (const { key, n } of next) records.set(key, await app.recordOf(`/mixed/${key}/${n}`));
    };
    await Promise.all(Array.from({ length: 10 }, client));
    const got = server.commands.slice(before);
    for (const { key } of keys) {
      const own = got.filter(({ filter }) => (filter as { key?: string } | undefined)?.key === key).length;
      const [call] = records.get(key)!.calls;
      expect(call?.count ?? 0).toBe(own);
    }
    expect(total(app.registry, 'http_request_queries_total') - counted).toBe(got.length);
  });
});
