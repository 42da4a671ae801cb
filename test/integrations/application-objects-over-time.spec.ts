import { types } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Injectable, Module, type Provider, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';
import { startedApplication } from './started-application.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A client of the application. */
class Client {
  constructor(readonly inner?: object) {}
}

const isClient = (candidate: object): candidate is Client => candidate instanceof Client;
const findClients = (objects: ApplicationObjects) =>
  objects.find({ is: isClient }).map(({ name, instance }) => [name, instance]);
const isSource = (candidate: object): candidate is { kind: string } =>
  (candidate as { kind?: unknown }).kind === 'source';
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function started(definition: Omit<DynamicModule, 'module'>) {
  const { app, objects } = await startedApplication(definition);
  closing.push(() => app.close());
  return { app, objects };
}

const value = (provide: string, useValue: unknown): Provider => ({ provide, useValue });

/** Returns services with typical properties, which call back whenever their properties are read. */
function services(
  count: number,
  onRead: (index: number) => void = () => undefined,
): Record<string, unknown>[] {
  return Array.from(
    { length: count },
    (_, index) =>
      new Proxy<Record<string, unknown>>(
        { index, settings: { retries: 3 }, cache: new Map(), hosts: ['a'] },
        {
          ownKeys: (target) => {
            onRead(index);
            return Reflect.ownKeys(target);
          },
        },
      ),
  );
}

function nth<T>(all: readonly T[], index: number): T {
  const one = all[index];
  if (one === undefined) throw new Error(`there is no element ${index}`);
  return one;
}

const provided = (all: readonly unknown[]): Provider[] =>
  all.map((one, index) => value(`SERVICE_${index}`, one));

describe('a scan of a large application', () => {
  it('reads a bounded number of providers, and all of them in turn', async () => {
    const reads = new Map<number, number>();
    const all = services(2_000, (index) => void reads.set(index, (reads.get(index) ?? 0) + 1));
    const { objects } = await started({ providers: provided(all) });
    findClients(objects);
    reads.clear();
    for (let scan = 1; scan <= 8; scan++) {
      await nextTurn();
      const before = [...reads.values()].reduce((sum, count) => sum + count, 0);
      findClients(objects);
      const after = [...reads.values()].reduce((sum, count) => sum + count, 0);
      expect(after - before).toBeLessThanOrEqual(256);
    }
    expect(reads.size).toBe(2_000);
    expect(Math.max(...reads.values())).toBe(1);
  });

  it('is shared by all queries of one turn of the event loop', async () => {
    let reads = 0;
    const { objects } = await started({ providers: provided(services(20, () => reads++)) });
    findClients(objects);
    await nextTurn();
    reads = 0;
    const queries = Array.from({ length: 10 }, () => ({
      is: (candidate: object): candidate is Client => isClient(candidate),
    }));
    for (const query of queries) objects.find(query);
    // One scan, and one pass over all objects for the new queries.
    expect(reads).toBe(40);
    for (const query of queries) objects.find(query);
    expect(reads).toBe(40);
    await nextTurn();
    for (const query of queries) objects.find(query);
    expect(reads).toBe(60);
  });

  it('examines a bounded number of known objects', async () => {
    let examined = 0;
    const counting = (candidate: object): candidate is Client => {
      examined++;
      return isClient(candidate);
    };
    const { objects } = await started({ providers: provided(services(1_000)) });
    objects.find({ is: counting });
    expect(examined).toBeGreaterThan(4_000);
    for (let scan = 0; scan < 40; scan++) {
      await nextTurn();
      examined = 0;
      objects.find({ is: counting });
      expect(examined).toBeLessThanOrEqual(64);
    }
  });

  it.each([20, 500, 2_000, 5_000])(
    'takes little time for all queries, with %i providers',
    async (count) => {
      class Service {
        readonly settings = { retries: 3, hosts: ['a', 'b'] };
        readonly cache = new Map();
        readonly logger = { log: () => this.cache };
        constructor(readonly index: number) {}
      }
      const all = Array.from({ length: count }, (_, index) => new Service(index));
      const { objects } = await started({ providers: provided(all) });
      const queries = Array.from({ length: 12 }, () => ({
        is: (candidate: object): candidate is Client => isClient(candidate),
      }));
      // The least of many, since other work of the machine only adds to it.
      let leastMs = Infinity;
      for (let scan = 0; scan < 60; scan++) {
        await nextTurn();
        const before = performance.now();
        for (const query of queries) objects.find(query);
        leastMs = Math.min(leastMs, performance.now() - before);
      }
      // Less than a millisecond; to look at all of them would take many.
      expect(leastMs).toBeLessThan(3);
    },
    60_000,
  );

  it('reads a table, a buffer or a long list at most twice', async () => {
    const table = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, {}]));
    let reads = 0;
    const watched = new Proxy(table, {
      ownKeys: (target) => {
        reads++;
        return Reflect.ownKeys(target);
      },
    });
    const { objects } = await started({
      providers: [
        value('TABLE', watched),
        value('BUFFER', Buffer.alloc(1_000_000)),
        value(
          'LIST',
          Array.from({ length: 10_000 }, () => ({})),
        ),
      ],
    });
    for (let scan = 0; scan < 5; scan++) {
      findClients(objects);
      await nextTurn();
    }
    expect(reads).toBeLessThanOrEqual(2);
  });
});

interface Change {
  readonly services: Record<string, unknown>[];
  readonly objects: ApplicationObjects;
  readonly load: (providers: Provider[]) => Promise<unknown>;
}

/** Changes of an application with 1 000 providers, and the number of scans until the client is found. */
const LATER: readonly (readonly [title: string, scans: number, change: (change: Change) => unknown])[] = [
  [
    'a client that a service connects after the start',
    4,
    ({ services: all }) => void (nth(all, 900)['client'] = new Client()),
  ],
  [
    'a client in a property that was there',
    4,
    ({ services: all }) => void (nth(all, 3)['settings'] = new Client()),
  ],
  ['a client of a lazy module', 1, ({ load }) => load([value('LAZY', new Client())])],
  [
    'a client that a service of a lazy module holds',
    1,
    ({ load }) => load([value('LAZY', { client: new Client() })]),
  ],
  [
    'a client that an asynchronous factory of a lazy module makes',
    1,
    ({ load }) => load([{ provide: 'LAZY', useFactory: async () => (await nextTurn(), new Client()) }]),
  ],
  [
    'a client made before refresh()',
    1,
    ({ services: all, objects }) => {
      nth(all, 999)['client'] = new Client();
      objects.refresh();
    },
  ],
];

describe('objects that appear later', () => {
  it.each(LATER)('include %s, within %i scans', async (_title, scans, change) => {
    const all = services(1_000);
    const { app, objects } = await started({ providers: provided(all) });
    expect(findClients(objects)).toEqual([]);
    await nextTurn();
    const load = (providers: Provider[]) => {
      @Module({ providers })
      class LazyModule {}
      return app.get(LazyModuleLoader).load(() => LazyModule, { logger: false });
    };
    await change({ services: all, objects, load });
    let found: unknown[] = [];
    for (let scan = 0; scan < scans && found.length === 0; scan++) {
      await nextTurn();
      found = findClients(objects);
    }
    expect(found).toHaveLength(1);
  });

  it('include a client that replaces another one, at the next scan and under its name', async () => {
    const all = services(1_000);
    const old = new Client();
    nth(all, 990)['client'] = old;
    const { objects } = await started({ providers: provided(all) });
    expect(findClients(objects)).toEqual([['SERVICE_990.client', old]]);
    const replacement = new Client();
    nth(all, 990)['client'] = replacement;
    await nextTurn();
    expect(findClients(objects)).toEqual([['SERVICE_990.client', replacement]]);
  });

  it('no longer include a client that was removed, at the next scan', async () => {
    const all = services(1_000);
    nth(all, 990)['client'] = new Client();
    const { objects } = await started({ providers: provided(all) });
    expect(findClients(objects)).toHaveLength(1);
    nth(all, 990)['client'] = undefined;
    await nextTurn();
    expect(findClients(objects)).toEqual([]);
  });

  it('still include a client that one of two services drops', async () => {
    const all = services(1_000);
    const shared = new Client();
    nth(all, 10)['client'] = shared;
    nth(all, 800)['client'] = shared;
    const { objects } = await started({ providers: provided(all) });
    expect(findClients(objects)).toEqual([['SERVICE_10.client', shared]]);
    nth(all, 10)['client'] = undefined;
    await nextTurn();
    expect(findClients(objects).map(([, client]) => client)).toEqual([shared]);
  });

  it('leave each client its name when another one comes before it', async () => {
    const all = services(3);
    const [first, second] = [new Client(), new Client()];
    const { objects } = await started({
      providers: [value('EARLY', nth(all, 0)), value('LATE', nth(all, 1))],
    });
    const named = () => objects.find({ is: isClient, nameOf: () => 'client' });
    nth(all, 1)['client'] = second;
    expect(named()).toEqual([{ name: 'client', instance: second }]);
    await nextTurn();
    nth(all, 0)['client'] = first;
    await nextTurn();
    expect(new Set(named().map(({ name, instance }) => `${name}${instance === first}`))).toEqual(
      new Set(['clientfalse', 'client.2true']),
    );
  });

  it('include a new client inside a known match, at the next scan', async () => {
    const holder = { kind: 'source', driver: { pool: undefined as unknown } };
    const { objects } = await started({ providers: [...provided(services(1_000)), value('SOURCE', holder)] });
    const within = (candidate: object) => [(candidate as Partial<typeof holder>).driver?.pool];
    const counts = () => [
      objects.find({ is: isSource }).length,
      objects.find({ is: isClient, within }).length,
    ];
    expect(counts()).toEqual([1, 0]);
    holder.driver.pool = new Client();
    await nextTurn();
    expect(counts()).toEqual([1, 1]);
  });

  it('include an object that becomes a match by a changed property', async () => {
    const late = { ready: false };
    const { objects } = await started({ providers: provided([late, ...services(20)]) });
    const isReady = (candidate: object): candidate is typeof late =>
      (candidate as Partial<typeof late>).ready === true;
    expect(objects.find({ is: isReady })).toEqual([]);
    late.ready = true;
    for (let scan = 0; scan < 8; scan++) {
      await nextTurn();
      objects.find({ is: isReady });
    }
    expect(objects.find({ is: isReady })).toHaveLength(1);
  });

  it('do not include providers that Nest has not created yet, and do not change how it creates them', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {}
    @Injectable()
    class UsesRequest {
      constructor(readonly perRequest: PerRequest) {}
    }
    Reflect.defineMetadata('design:paramtypes', [PerRequest], UsesRequest);
    const { app, objects } = await started({ providers: [value('ANY', {})] });
    expect(findClients(objects)).toEqual([]);
    let resolve: (() => void) | undefined;
    const slow = new Promise<void>((done) => (resolve = done));
    @Module({
      providers: [
        { provide: 'SLOW', useFactory: () => slow.then(() => new Client()) },
        PerRequest,
        UsesRequest,
      ],
    })
    class LazyModule {}
    const loading = app.get(LazyModuleLoader).load(() => LazyModule, { logger: false });
    for (let scan = 0; scan < 5; scan++) {
      await nextTurn();
      expect(findClients(objects)).toEqual([]);
    }
    resolve?.();
    const module = await loading;
    await nextTurn();
    expect(findClients(objects)).toHaveLength(1);
    const made = await module.resolve(UsesRequest, undefined, { strict: false });
    expect(made.perRequest).toBeInstanceOf(PerRequest);
  });

  it('are not kept in memory once a service has dropped them', async () => {
    const holder: Record<string, unknown> = {};
    const { objects } = await started({ providers: [value('HOLDER', holder)] });
    const kept: WeakRef<object>[] = [];
    for (let scan = 0; scan < 20; scan++) {
      const result = { rows: Array.from({ length: 1_000 }, () => scan) };
      kept.push(new WeakRef(result));
      holder['lastResult'] = result;
      findClients(objects);
      await nextTurn();
    }
    const { gc } = globalThis as { gc?: () => void };
    if (gc === undefined) return;
    gc();
    expect(kept.filter((each) => each.deref() !== undefined).length).toBeLessThanOrEqual(2);
  });
});

/** Providers by which one client is reached in two ways. */
const ALIASES: readonly (readonly [title: string, providers: (client: Client) => Provider[]])[] = [
  ['an alias', (client) => [value('CLIENT', client), { provide: 'ALIAS', useExisting: 'CLIENT' }]],
  ['two providers', (client) => [value('CLIENT', client), value('AGAIN', client)]],
  ['a property', (client) => [value('CLIENT', client), value('SERVICE', { client })]],
  ['a proxy beside it', (client) => [value('CLIENT', client), value('PROXY', new Proxy(client, {}))]],
  [
    'a wrapper with the client in a property',
    (client) => [value('CLIENT', Object.assign(new Client(client), { original: client }))],
  ],
  ['two wrappers', (client) => [value('CLIENT', new Client(client)), value('OTHER', new Client(client))]],
  [
    'a wrapper of a wrapper',
    (client) => [value('CLIENT', new Client(client)), value('OUTER', new Client(new Client(client)))],
  ],
];

describe('the identity of a client', () => {
  it.each(ALIASES)('makes it and %s one match', async (_title, providers) => {
    const client = new Client();
    const { objects } = await started({ providers: providers(client) });
    const identityOf = (instance: Client): object => {
      let identity: object = instance;
      while (identity instanceof Client && identity.inner !== undefined) identity = identity.inner;
      return types.isProxy(identity) ? client : identity;
    };
    const found = objects.find({ is: isClient, identityOf });
    expect(found.map(({ name }) => name)).toEqual(['CLIENT']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('No.');
      },
    ],
    ['returns undefined', () => undefined],
    ['returns a number', () => 1],
    ['returns null', () => null],
    ['returns the instance', (instance: object) => instance],
  ])('is the instance if identityOf %s', async (_title, identityOf) => {
    const { objects } = await started({
      providers: [value('ONE', new Client()), value('TWO', new Client())],
    });
    expect(objects.find({ is: isClient, identityOf }).map(({ name }) => name)).toEqual(['ONE', 'TWO']);
  });
});
