import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module, type Provider, Scope } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import { ADAPTERS, createApp, startApp } from '../e2e/fixture/start-app.js';

/** Nest itself looks for these on every instance: a proxy that refuses them does not start without us either. */
const OF_NEST: ReadonlySet<PropertyKey> = new Set([
  'then',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
  'constructor',
]);

function refuse(): never {
  throw new Error('do not look at me');
}

/** Names everything that Nest reads, and throws for anything else. */
function refusing(target: object): object {
  return new Proxy(target, {
    get: (_, key) => (OF_NEST.has(key) ? undefined : refuse()),
    has: refuse,
    ownKeys: refuse,
    getOwnPropertyDescriptor: refuse,
    getPrototypeOf: refuse,
    defineProperty: refuse,
  });
}

class WithThrowingGetters {
  get sendCommand(): never {
    return refuse();
  }
  get query(): never {
    return refuse();
  }
  get stores(): never {
    return refuse();
  }
}

/** A class whose every static property throws, which is where decorators keep theirs. */
class WithThrowingStatics {
  static get [Symbol.hasInstance](): never {
    return refuse();
  }
}

/** As mocks of tests are: whatever they are asked for, they have it. */
const mock = (): object =>
  new Proxy(function mocked() {}, {
    get: (_, key) => (OF_NEST.has(key) || typeof key === 'symbol' ? undefined : mock()),
    has: () => true,
    apply: () => undefined,
  });

const PROVIDERS: Readonly<Record<string, () => unknown>> = {
  'a proxy that refuses everything': () => refusing({}),
  'a function behind such a proxy': () => refusing(() => undefined),
  'an array behind such a proxy': () => refusing([]),
  'a mock that has everything': mock,
  'an object without a prototype': () => Object.create(null) as object,
  'a frozen object': () =>
    Object.freeze({ query: () => undefined, connect: () => undefined, end: () => undefined }),
  'getters that throw': () => new WithThrowingGetters(),
  'a constructor property that is no class': () => ({ constructor: 'text' }),
  'a constructor without a name': () => ({ constructor: { name: 7 } }),
  'a class as a value': () => WithThrowingStatics,
  'an object that holds itself': () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    return cycle;
  },
  'an object that holds very much': () =>
    Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`p${i}`, {}])),
  'an object that holds refusing ones': () => ({
    client: refusing({}),
    driver: refusing({}),
    $client: refusing({}),
  }),
  'stores that are no list': () => ({ stores: { length: 1e9 }, get: () => 1, set: () => 1 }),
  'a half client of pg': () => ({
    connect() {},
    query() {},
    end() {},
    escapeIdentifier() {},
    connection: null,
  }),
  'a half pool of mysql2': () => ({
    getConnection() {},
    query() {},
    execute() {},
    end() {},
    _allConnections: null,
    _freeConnections: undefined,
    _connectionQueue: 1,
    config: null,
  }),
  'a half client of Redis': () => ({
    sendCommand() {},
    ping() {},
    info() {},
    multi() {},
    isReady: true,
    _self: null,
  }),
  'a half queue': () => ({
    getJobCounts() {},
    addBulk() {},
    waitUntilReady() {},
    keys: null,
    name: Symbol('q'),
  }),
  undefined: () => undefined,
  null: () => null,
  'a number': () => 42,
  'a symbol': () => Symbol('value'),
};

@Module({})
class OddModule {
  static with(imports: DynamicModule[]): DynamicModule {
    const providers: Provider[] = Object.entries(PROVIDERS).flatMap(([name, make]) => [
      { provide: name, useFactory: make },
      { provide: Symbol(name), useFactory: make },
      { provide: `${name}, for each request`, useFactory: make, scope: Scope.REQUEST },
      { provide: `the holder of ${name}`, useFactory: (held: unknown) => ({ held }), inject: [name] },
      { provide: `the alias of ${name}`, useExisting: name },
    ]);
    return { module: OddModule, imports, providers };
  }
}

describe.each(ADAPTERS)('an application on %s with providers of every kind', (adapter) => {
  it('starts, shows its metrics and its health, and ends', async () => {
    // What Nest itself cannot take proves nothing about us.
    const plain = await createApp(adapter, OddModule.with([]));
    await plain.init();
    await plain.close();

    const app = await startApp(
      adapter,
      OddModule.with([MonitoringModule.forRoot({ health: { drainDelayMs: 0 } })]),
    );
    const metrics = await app.get('/metrics');
    const health = await app.get('/health');
    const overview = await app.get('/metrics-dashboard/api/overview');
    await app.close();
    expect([metrics.status, overview.status]).toEqual([200, 200]);
    expect([200, 503]).toContain(health.status);
    expect(metrics.body).toContain('nodejs_version_info');
  });
});
