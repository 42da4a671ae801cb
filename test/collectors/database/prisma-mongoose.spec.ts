import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import mongoose from 'mongoose';
import { MetricsRegistry, MonitoringModule } from 'nestjs-monitoring';
import { statementsOf, valuesOf } from '../values.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function started(...values: object[]) {
  const providers = values.map((useValue, i) => ({ provide: `DATABASE_${i}`, useValue }));
  @Module({ imports: [MonitoringModule.forRoot()], providers })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = await testing.createNestApplication({ logger: false }).init();
  closing.push(() => app.close());
  return { app, registry: app.get(MetricsRegistry) };
}

const errorsOf = (registry: MetricsRegistry) => valuesOf(registry, 'db_client_operation_errors_total');
const failuresOfOurs = (registry: MetricsRegistry) =>
  valuesOf(registry, 'monitoring_instrumentation_errors_total');

/** A client as Prisma generates it: the constructor gives back a proxy, and an extended client shares its events. */
class PrismaClient {
  static readonly events = new WeakMap<object, EventEmitter>();
  readonly _originalClient: object = this;
  readonly _activeProvider: string = 'postgresql';

  constructor() {
    PrismaClient.events.set(this, new EventEmitter());
    return proxyOf(this);
  }

  $on(event: string, listener: (value: unknown) => void): void {
    PrismaClient.events.get(this._originalClient)?.on(event, listener);
  }

  async $connect(): Promise<void> {}
  async $disconnect(): Promise<void> {}
  async $transaction(): Promise<void> {}

  $extends(): PrismaClient {
    return proxyOf(
      Object.create(this._originalClient, {
        _appliedParent: { value: this, enumerable: true },
        $on: { value: undefined },
      }) as PrismaClient,
    );
  }

  send(event: unknown): void {
    PrismaClient.events.get(this._originalClient)?.emit('query', event);
  }
}

function proxyOf(client: PrismaClient): PrismaClient {
  return new Proxy(client, { get: (target, name) => Reflect.get(target, name) as unknown });
}

class PrismaService extends PrismaClient {}

/** Ways in which an application has one client. */
const WAYS: Readonly<Record<string, () => readonly [client: PrismaClient, ...values: object[]]>> = {
  'by itself': () => {
    const client = new PrismaClient();
    return [client, client];
  },
  'as a subclass': () => {
    const client = new PrismaService();
    return [client, client];
  },
  'in a property of another provider': () => {
    const client = new PrismaService();
    return [client, { client }, client];
  },
  'with an extended one': () => {
    const client = new PrismaClient();
    return [client, client, client.$extends()];
  },
  'only as an extended one': () => {
    const client = new PrismaClient();
    return [client, client.$extends().$extends()];
  },
  'with a proxy of its own': () => {
    const client = new PrismaClient();
    return [client, new Proxy(client, {}), client];
  },
  'in a wrapper that has its methods': () => {
    const client = new PrismaClient();
    return [client, { tx: { client }, client, extended: client.$extends() }];
  },
};

describe('a Prisma client', () => {
  it.each(Object.entries(WAYS))('counts each statement once, reached %s', async (_, reach) => {
    const [client, ...values] = reach();
    const { app, registry } = await started(...values);
    await registry.collect();
    client.send({ query: 'SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1', duration: 3 });
    expect(statementsOf(registry)).toEqual({ 'postgresql select User': 1 });
    closing.pop();
    await app.close();
    client.send({ query: 'SELECT 1 FROM "public"."User"', duration: 3 });
    expect(statementsOf(registry)).toEqual({ 'postgresql select User': 1 });
  });

  it('is told apart from a second client', async () => {
    const [first, second] = [new PrismaClient(), new PrismaClient()];
    const { registry } = await started(first, second);
    first.send({ query: 'SELECT 1 FROM a', duration: 3 });
    second.send({ query: 'SELECT 1 FROM b', duration: 3 });
    expect(statementsOf(registry)).toEqual({ 'postgresql select a': 1, 'postgresql select b': 1 });
  });

  it.each([undefined, null, 5, {}, { query: undefined }, { query: 5, duration: 'long' }])(
    'goes on when it tells of %o',
    async (event) => {
      const client = new PrismaClient();
      const { registry } = await started(client);
      expect(() => client.send(event)).not.toThrow();
      client.send({ query: 'SELECT 1 FROM a', duration: 1 });
      expect(statementsOf(registry)).toEqual({ 'postgresql select a': 1 });
      expect(failuresOfOurs(registry)).toEqual({ database: 1 });
    },
  );
});

/** A connection of Mongoose whose driver is an emitter, which is what its monitoring of commands is. */
function connected(client: () => object | undefined) {
  const connection = mongoose.createConnection();
  closing.push(() => connection.close());
  Object.defineProperty(connection, 'getClient', { value: client });
  return connection;
}

let requestId = 0;
function run(
  driver: EventEmitter,
  command: Record<string, unknown>,
  end: Record<string, unknown> = {},
): void {
  requestId++;
  const [commandName = ''] = Object.keys(command);
  driver.emit('commandStarted', { requestId, commandName, command });
  const event = 'failure' in end ? 'commandFailed' : 'commandSucceeded';
  driver.emit(event, { requestId, commandName, duration: 2, reply: { ok: 1 }, ...end });
}

describe('a Mongoose connection', () => {
  it.each([
    [
      'a duplicate key',
      { reply: { ok: 1, n: 0, writeErrors: [{ index: 0, code: 11000 }] } },
      'integrity_constraint',
    ],
    [
      'several of them',
      { reply: { ok: 1, writeErrors: [{ code: 11000 }, { code: 121 }] } },
      'integrity_constraint',
    ],
    ['an unknown code', { reply: { ok: 1, writeErrors: [{ code: 99_999 }] } }, 'other'],
    ['a write that is not acknowledged', { reply: { ok: 1, writeConcernError: { code: 64 } } }, 'other'],
    ['a conflict', { failure: Object.assign(new Error('no'), { code: 112 }) }, 'transaction_rollback'],
    ['a refusal', { failure: Object.assign(new Error('no'), { code: 13 }) }, 'authorization'],
    ['a lost connection', { failure: new Error('connection 3 to 127.0.0.1 closed') }, 'other'],
  ])('counts an error of %s', async (_, end, expected) => {
    const driver = new EventEmitter();
    const { registry } = await started(connected(() => driver));
    run(driver, { insert: 'users' }, end);
    expect(errorsOf(registry)).toEqual({ [`mongodb insert ${expected}`]: 1 });
    expect(statementsOf(registry)).toEqual({ 'mongodb insert users': 1 });
  });

  it.each([{ ok: 1, n: 1 }, { ok: 1, writeErrors: [] }, null, undefined, { writeErrors: undefined }])(
    'has no error of the reply %o',
    async (reply) => {
      const driver = new EventEmitter();
      const { registry } = await started(connected(() => driver));
      run(driver, { insert: 'users' }, { reply });
      expect(errorsOf(registry)).toEqual({});
      expect(failuresOfOurs(registry)).toEqual({});
    },
  );

  it('counts transactions', async () => {
    const driver = new EventEmitter();
    const { registry } = await started(connected(() => driver));
    run(driver, { insert: 'users', startTransaction: true });
    run(driver, { update: 'users' });
    run(driver, { commitTransaction: 1 });
    run(driver, { find: 'users', startTransaction: true });
    run(driver, { abortTransaction: 1 });
    expect(valuesOf(registry, 'db_client_transactions_total', ['event'])).toEqual({
      begun: 2,
      committed: 1,
      rolled_back: 1,
    });
  });

  it('is counted when it opens late, and with its new client after it reopens', async () => {
    let driver: EventEmitter | undefined;
    const connection = connected(() => driver);
    const { app, registry } = await started(connection);
    for (const collection of ['first', 'second']) {
      driver = new EventEmitter();
      connection.emit('connected');
      connection.emit('connected');
      run(driver, { find: collection });
    }
    expect(statementsOf(registry)).toEqual({ 'mongodb select first': 1, 'mongodb select second': 1 });
    closing.pop();
    await app.close();
    expect(driver?.eventNames()).toEqual([]);
  });

  it('is counted once if several connections share a client', async () => {
    const driver = new EventEmitter();
    const { registry } = await started(
      connected(() => driver),
      connected(() => driver),
    );
    run(driver, { find: 'users' });
    expect(statementsOf(registry)).toEqual({ 'mongodb select users': 1 });
  });

  it('truncates long collection names', async () => {
    const driver = new EventEmitter();
    const { registry } = await started(connected(() => driver));
    run(driver, { find: 'x'.repeat(100_000) });
    const [name = ''] = Object.keys(statementsOf(registry));
    expect(name.length).toBeLessThanOrEqual('mongodb select '.length + 128);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['no command', { requestId: 1, commandName: 'find' }],
    ['a name of every object', { requestId: 1, commandName: 'constructor', command: {} }],
    [
      'a command with a getter that throws',
      {
        requestId: 1,
        commandName: 'find',
        get command(): never {
          throw new Error('of the driver');
        },
      },
    ],
  ])('keeps counting after the event %s', async (_, event) => {
    const driver = new EventEmitter();
    const { registry } = await started(connected(() => driver));
    for (const name of ['commandStarted', 'commandSucceeded', 'commandFailed']) {
      expect(() => driver.emit(name, event)).not.toThrow();
    }
    run(driver, { find: 'users' });
    expect(statementsOf(registry)).toEqual({ 'mongodb select users': 1 });
  });
});
