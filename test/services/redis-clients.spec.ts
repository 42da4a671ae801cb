import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { MetricsRegistry } from 'nestjs-monitoring';
import * as redis6 from 'redis';
import * as redis4 from 'redis-4';
import * as redis5 from 'redis-5';
import { pingIoRedis } from '../../lib/integrations/ioredis/ioredis.ping.js';
import { watchIoRedis } from '../../lib/integrations/ioredis/ioredis.watch.js';
import { pingNodeRedis } from '../../lib/integrations/node-redis/node-redis.ping.js';
import { watchNodeRedis } from '../../lib/integrations/node-redis/node-redis.watch.js';
import { RedisRecorder } from '../../lib/integrations/redis/redis.recorder.js';
import { systemClock } from '../../lib/metrics/clock.js';
import { valuesOf } from '../collectors/values.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { RedisClusterServers } from './support/redis.cluster.js';
import { RedisSentinel } from './support/redis.sentinel.js';
import { RedisServer } from './support/redis.server.js';
import { type Step, transcriptOf } from './support/call-transcript.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each client has other types, and gets what none allows
type AnyClient = any;

interface Kind {
  readonly title: string;
  readonly cluster?: boolean;
  connect(servers: Servers): Promise<AnyClient>;
  close(client: AnyClient): unknown;
  readonly steps: readonly Step<AnyClient>[];
  /** The commands that the steps send, each time that they are run. */
  readonly counted: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** The steps that cannot be measured, each time that they are run. */
  readonly unmeasured?: number;
}

interface Servers {
  readonly single: RedisServer;
  readonly cluster: RedisClusterServers;
}

const hostile = {
  get typeMapping(): never {
    throw new RangeError('not to be read');
  },
};

/** Works with every client of node-redis that has the commands as methods. */
const TYPED: readonly Step<AnyClient>[] = [
  ['sets', (c) => c.set('{k}1', 'v')],
  ['gets', (c) => c.get('{k}1')],
  ['gets nothing', (c) => c.get('{k}none')],
  ['is refused', (c) => c.lPush('{k}1', 'x')],
  ['reads all', (c) => c.hGetAll('{k}none')],
  ['evaluates', (c) => c.eval('return {1, false, 3}', { keys: ['{k}1'] })],
  ['is given nothing', (c) => c.get()],
  ['is given what is none', (c) => c.set('{k}1', { toString: undefined })],
];
const TYPED_COUNTS = { set: 1, get: 2, lpush: 1, hgetall: 1, eval: 1 };
/** What is given nothing that can be sent fails. */
const REFUSED_COUNTS = { set: 1, get: 1 };

const multi = (begin: (client: AnyClient) => AnyClient): Step<AnyClient>[] => [
  ['executes', (c) => begin(c).set('{k}2', 'v').get('{k}2').exec()],
  ['executes what is refused in part', (c) => begin(c).set('{k}2', 'v').lPush('{k}2', 'x').exec()],
  ['executes nothing', (c) => begin(c).exec()],
];
const plus = (...all: Readonly<Record<string, number>>[]): Record<string, number> => {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [name, n] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + n;
  return sum;
};
const MULTI_COUNTS = { set: 2, get: 1, lpush: 1 };

const pipeline = (begin: (client: AnyClient) => AnyClient): Step<AnyClient>[] => [
  ['pipelines', (c) => begin(c).set('{k}3', 'v').get('{k}3').execAsPipeline()],
];
const PIPELINE_COUNTS = { set: 1, get: 1 };

async function opened(client: AnyClient): Promise<AnyClient> {
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const endNodeRedis = (client: AnyClient) => (client.destroy ?? client.disconnect).call(client);

/** Works with every client of ioredis. */
const IOREDIS: readonly Step<AnyClient>[] = [
  ['sets', (c) => c.set('{k}1', 'v')],
  ['gets', (c) => c.get('{k}1')],
  ['gets a buffer', (c) => c.getBuffer('{k}1')],
  ['gets nothing', (c) => c.get('{k}none')],
  ['is refused', (c) => c.lpush('{k}1', 'x')],
  ['calls back', (c) => new Promise((resolve) => c.get('{k}1', (...args: unknown[]) => resolve(args)))],
  ['sends what it is given', (c) => c.call('EXISTS', Buffer.from('{k}none'))],
  ['sends what is no command', (c) => c.call('NO-SUCH-COMMAND-OF-REDIS-THAT-IS-LONGER', '{k}1')],
  ['is given nothing', (c) => c.get()],
  ['is given undefined', (c) => c.set('{k}1', undefined)],
  ['is given what is no command', (c) => c.sendCommand(undefined)],
  ['is given a command that throws', (c) => c.sendCommand(hostileCommand)],
  ['pipelines', (c) => c.pipeline().set('{k}3', 'v').get('{k}3').lpush('{k}3', 'x').exec()],
  ['executes', (c) => c.multi().set('{k}2', 'v').get('{k}2').exec()],
  ['executes what is refused in part', (c) => c.multi().set('{k}2', 'v').lpush('{k}2', 'x').exec()],
  ['executes what cannot be queued', (c) => c.multi().set('{k}2').exec()],
];
const hostileCommand = {
  name: 'get',
  get resolve(): never {
    throw new RangeError('not to be read');
  },
};
const IOREDIS_COUNTS = plus(
  { set: 1, getbuffer: 0, get: 4, lpush: 1, exists: 1, other: 1 },
  { set: 1 },
  { get: 1 },
  { set: 1, get: 1, lpush: 1 },
  { multi: 1, set: 1, get: 1, exec: 1 },
  { multi: 1, set: 1, lpush: 1, exec: 1 },
  { multi: 1, set: 1, exec: 1 },
);
const IOREDIS_ERRORS = { lpush: 3, other: 1, get: 1, set: 1, exec: 1 };

async function ready(client: Redis | Cluster): Promise<AnyClient> {
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const KINDS: readonly Kind[] = [
  ...(
    [
      ['4', redis4],
      ['5', redis5],
      ['6', redis6],
    ] as const
  ).flatMap(([major, library]): Kind[] => {
    const lib = library as AnyClient;
    const single: Step<AnyClient>[] = [
      ['sends what it is given', (c) => c.sendCommand(['GET', '{k}1'])],
      ['sends buffers', (c) => c.sendCommand([Buffer.from('EXISTS'), Buffer.from('{k}none')])],
      ['sends what is no command', (c) => c.sendCommand(['NO-SUCH-COMMAND-OF-REDIS-THAT-IS-LONGER'])],
      ...TYPED,
      ...multi((c) => c.multi()),
      ...pipeline((c) => c.multi()),
    ];
    const singleCounts = plus(TYPED_COUNTS, REFUSED_COUNTS, MULTI_COUNTS, PIPELINE_COUNTS, {
      get: 1,
      exists: 1,
      other: 1,
    });
    const clusterSteps: Step<AnyClient>[] = [
      ['sends without a key', (c) => c.sendCommand(undefined, true, ['PING'])],
      ['sends with a key', (c) => c.sendCommand('{k}1', true, ['GET', '{k}1'])],
      ['sends buffers', (c) => c.sendCommand('{k}none', false, [Buffer.from('EXISTS'), '{k}none'])],
      ['sends to other nodes', (c) => Promise.all(['a', 'b', 'c', 'd'].map((key) => c.incrBy(key, 0)))],
      ['sends keys of different nodes', (c) => c.sendCommand('a', false, ['DEL', 'a', 'b', 'c'])],
      // Of node-redis 4, a script is sent to any node, and only the right one runs it.
      ...TYPED.filter(([title]) => major !== '4' || title !== 'evaluates'),
      ...multi((c) => c.multi('{k}')),
      ...pipeline((c) => c.multi('{k}')),
    ];
    const clusterCounts = plus(
      TYPED_COUNTS,
      REFUSED_COUNTS,
      major === '4' ? { eval: -1 } : {},
      MULTI_COUNTS,
      PIPELINE_COUNTS,
      {
        ping: 1,
        get: 1,
        exists: 1,
        incrby: 4,
        del: 1,
      },
    );
    return [
      {
        title: `node-redis ${major}`,
        connect: ({ single: { url } }) => opened(lib.createClient({ url })),
        close: endNodeRedis,
        steps: [
          ...single,
          ...(major === '4'
            ? []
            : ([
                ['is aborted', (c) => c.withAbortSignal(AbortSignal.abort()).get('{k}1')],
                ['maps types', (c) => c.withTypeMapping({ 36: Buffer }).get('{k}1')],
                ['has hostile options', (c) => c.sendCommand(['GET', '{k}1'], hostile)],
              ] as Step<AnyClient>[])),
        ],
        counted: plus(singleCounts, major === '4' ? {} : { get: 3 }),
        errors: { other: 1, lpush: 2, set: 1, get: major === '4' ? 1 : 3 },
      },
      {
        title: `a cluster of node-redis ${major}`,
        cluster: true,
        connect: ({ cluster: { urls } }) =>
          opened(lib.createCluster({ rootNodes: urls.map((url) => ({ url })) })),
        close: endNodeRedis,
        steps: clusterSteps,
        counted: clusterCounts,
        // Of node-redis 6, it is a command for each node.
        errors: { lpush: 2, ...(major !== '6' && { del: 1 }), ...REFUSED_COUNTS },
      },
      ...(major === '4'
        ? []
        : [
            {
              title: `a pool of node-redis ${major}`,
              connect: ({ single: { url } }: Servers) =>
                opened(lib.createClientPool({ url }, { minimum: 1, maximum: 1 })),
              close: endNodeRedis,
              steps: [
                ...single,
                ['lends a client', (c) => c.execute((one: AnyClient) => one.get('{k}1'))] as Step<AnyClient>,
              ],
              counted: plus(singleCounts, { get: 1 }),
              errors: { other: 1, lpush: 2, ...REFUSED_COUNTS },
            },
          ]),
    ];
  }),
  ...[false, true].map((enableAutoPipelining): Kind => ({
    title: enableAutoPipelining ? 'ioredis with autoPipelining' : 'ioredis',
    connect: ({ single: { port } }) => ready(new Redis(port, { lazyConnect: true, enableAutoPipelining })),
    close: (client) => client.disconnect(),
    steps: IOREDIS,
    counted: IOREDIS_COUNTS,
    errors: IOREDIS_ERRORS,
    unmeasured: 1,
  })),
  {
    title: 'a cluster of ioredis',
    cluster: true,
    connect: ({ cluster: { ports } }) =>
      ready(
        new Cluster(
          ports.map((port) => ({ host: '127.0.0.1', port })),
          { lazyConnect: true },
        ),
      ),
    close: (client) => client.disconnect(),
    steps: IOREDIS.filter(([title]) => !title.startsWith('is given')),
    counted: plus(IOREDIS_COUNTS, { get: -1, set: -1 }),
    errors: { ...IOREDIS_ERRORS, get: 0 },
  },
];

const twice = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).flatMap(([name, n]) => (n === 0 ? [] : [[name, 2 * n]])));
const measured = () => {
  const registry = new MetricsRegistry();
  const recorder = new RedisRecorder(registry, systemClock);
  return {
    recorder,
    commands: () => valuesOf(registry, 'redis_client_command_duration_seconds', ['command']),
    errors: () => valuesOf(registry, 'redis_client_command_errors_total', ['command']),
  };
};

function watch(client: AnyClient, recorder: RedisRecorder): () => void {
  return client instanceof Redis || client instanceof Cluster
    ? watchIoRedis(client, 'CLIENT', recorder)
    : watchNodeRedis(client, 'CLIENT', recorder);
}

/** Without callbacks, which a client calls later than it settles the promises of answers in the same packet. */
function inOrder(transcript: readonly string[]): string[] {
  return transcript.filter((line) => !line.startsWith('calls back'));
}

describeWith(['redis-server', 'redis-cli'], 'a client of Redis that is watched', () => {
  let servers: Servers;

  beforeAll(async () => {
    const [single, cluster] = await Promise.all([RedisServer.start(), RedisClusterServers.start()]);
    servers = { single, cluster };
  }, 120_000);

  afterAll(async () => {
    await Promise.all([servers?.single.stop(), servers?.cluster.stop()]);
  });

  describe.each(KINDS)('$title', (kind) => {
    it('gives the application what one gives that is not watched, and each command is counted once', async () => {
      const plain = await kind.connect(servers);
      const watched = await kind.connect(servers);
      const registry = new MetricsRegistry();
      const recorder = new RedisRecorder(registry, systemClock);
      const end = watch(watched, recorder);
      await transcriptOf(plain, kind.steps);
      const expected = await transcriptOf(plain, kind.steps);
      const transcript = await transcriptOf(watched, kind.steps);
      expect(transcript.toSorted()).toEqual(expected.toSorted());
      // The nodes of a cluster do not answer in an order.
      if (kind.cluster !== true) expect(inOrder(transcript)).toEqual(inOrder(expected));
      expect(valuesOf(registry, 'redis_client_command_duration_seconds', ['command'])).toEqual(
        twice(kind.counted),
      );
      expect(valuesOf(registry, 'redis_client_command_errors_total', ['command'])).toEqual(
        twice(kind.errors),
      );
      end();
      await transcriptOf(watched, kind.steps.slice(0, 2));
      expect(valuesOf(registry, 'redis_client_command_duration_seconds', ['command'])).toEqual(
        twice(kind.counted),
      );
      await Promise.all([kind.close(plain), kind.close(watched)]);
      expect(valuesOf(registry, 'monitoring_instrumentation_errors_total')).toEqual(
        kind.unmeasured === undefined ? {} : { redis: 2 * kind.unmeasured },
      );
    }, 120_000);
  });

  // A cluster of ioredis that is closed lets its commands wait.
  describe.each(KINDS.filter(({ title }) => title !== 'a cluster of ioredis'))('$title', (kind) => {
    it('fails after it has been closed as one does that is not watched', async () => {
      const clients = [await kind.connect(servers), await kind.connect(servers)];
      const { recorder, commands, errors } = measured();
      watch(clients[1], recorder);
      const transcripts = [];
      for (const client of clients) {
        await kind.close(client);
        if (client instanceof Redis) {
          await eventually(() => expect(client.status).toBe('end'));
        }
        transcripts.push(
          await transcriptOf(client, [['gets', (c: AnyClient) => c.get('{k}1')]], { once: true }),
        );
      }
      expect(transcripts[1]).toEqual(transcripts[0]);
      // A pool and a cluster have no connection to send it by; a pool of node-redis 5 answers all the same.
      const isError = transcripts[1]?.[0]?.includes('rejection') && commands()['get'] !== undefined;
      expect(errors()).toEqual(isError ? { get: 1 } : {});
      // That pool has a connection again, by which nothing would ever end.
      if (kind.title === 'a pool of node-redis 5') for (const client of clients) await kind.close(client);
    }, 60_000);
  });

  it.each<[string, (port: number) => Promise<AnyClient>, (client: AnyClient) => unknown, string]>([
    [
      'node-redis 4',
      (port) => opened(redis4.createClient({ url: `redis://127.0.0.1:${port}`, disableOfflineQueue: true })),
      (client) => client.blPop('none', 0),
      'blpop',
    ],
    [
      'node-redis 5',
      (port) => opened(redis5.createClient({ url: `redis://127.0.0.1:${port}`, disableOfflineQueue: true })),
      (client) => client.blPop('none', 0),
      'blpop',
    ],
    [
      'node-redis 6',
      (port) => opened(redis6.createClient({ url: `redis://127.0.0.1:${port}`, disableOfflineQueue: true })),
      (client) => client.blPop('none', 0),
      'blpop',
    ],
    [
      'ioredis',
      (port) => ready(new Redis(port, { lazyConnect: true, autoResendUnfulfilledCommands: false })),
      (client) => client.blpop('none', 0),
      'blpop',
    ],
  ])(
    'of %s has one error for a command whose server is killed',
    async (title, connect, block, command) => {
      const server = await RedisServer.start();
      const clients = [await connect(server.port), await connect(server.port)];
      const { recorder, commands, errors } = measured();
      watch(clients[1], recorder);
      const transcripts = clients.map((client) => transcriptOf(client, [['blocks', block]], { once: true }));
      // A command that its client has not yet sent would wait for the server to come back.
      const observer = new Redis(server.port);
      await eventually(
        async () => expect(await observer.info('clients')).toContain('blocked_clients:2'),
        30_000,
      );
      observer.disconnect();
      await server.crash();
      const [expected, transcript] = await Promise.all(transcripts);
      expect(transcript).toEqual(expected);
      expect(commands()).toEqual({ [command]: 1 });
      expect(errors()).toEqual({ [command]: 1 });
      // What is reconnected goes on being counted. node-redis 5 does not always answer then, watched or not.
      await server.restart();
      const answered = eventually(async () => expect(await clients[1].get('none')).toBeNull(), 9_000);
      answered.catch(() => undefined);
      const isAnswered = await Promise.race([
        answered.then(() => true),
        sleep(10_000, false, { ref: false }),
      ]);
      if (isAnswered) expect(commands()['get']).toBeGreaterThanOrEqual(1);
      else
        console.warn(`${title} has not answered after the reconnection: its next commands are not checked.`);
      for (const client of clients) await endNodeRedis(client);
      await server.stop();
    },
    90_000,
  );

  it('of ioredis counts a command once that is sent again after a reconnection', async () => {
    const server = await RedisServer.start();
    const client = await ready(new Redis(server.port, { lazyConnect: true }));
    const { recorder, commands, errors } = measured();
    watch(client, recorder);
    const blocked = client.blpop('list', 0);
    await server.crash();
    const queued = client.set('key', 'v');
    await server.restart();
    // It waits behind the one that blocks.
    const other = new Redis(server.port);
    await other.lpush('list', 'x');
    expect(await blocked).toEqual(['list', 'x']);
    expect(await queued).toBe('OK');
    expect(commands()).toEqual({ blpop: 1, set: 1 });
    expect(errors()).toEqual({});
    client.disconnect();
    other.disconnect();
    await server.stop();
  }, 90_000);

  it('of ioredis counts a command once, as an error, that has timed out and is answered later', async () => {
    const client = await ready(
      new Redis(servers.single.port, {
        lazyConnect: true,
        commandTimeout: 500,
        maxRetriesPerRequest: null,
        // Which is a command that would time out too, if the machine is busy.
        enableReadyCheck: false,
      }),
    );
    const helper = new Redis(servers.single.port);
    const { recorder, commands, errors } = measured();
    watch(client, recorder);
    await expect(client.blpop('late', 0)).rejects.toThrow('timed out');
    expect(commands()).toEqual({ blpop: 1 });
    await helper.lpush('late', 'x');
    // The answer comes before that to this command, if the server is not too slow for it.
    await client.get('none').catch(() => undefined);
    expect(commands()['blpop']).toBe(1);
    expect(errors()['blpop']).toBe(1);
    client.disconnect();
    helper.disconnect();
  }, 60_000);

  it('of node-redis 4 calls back in legacy mode, and counts that', async () => {
    const { url } = servers.single;
    const clients = await Promise.all(
      Array.from({ length: 2 }, () => opened(redis4.createClient({ url, legacyMode: true }))),
    );
    const { recorder, commands, errors } = measured();
    watch(clients[1], recorder);
    const back =
      (call: (client: AnyClient, done: (...args: unknown[]) => void) => unknown) => (client: AnyClient) =>
        new Promise((resolve) => {
          const returned = call(client, (...args) => resolve([returned, ...args]));
        });
    const steps: Step<AnyClient>[] = [
      ['sets', back((c, done) => c.set('legacy', 'v', done))],
      ['gets', back((c, done) => c.get('legacy', done))],
      ['sends', back((c, done) => c.sendCommand(['GET', 'legacy'], done))],
      ['sends what is given one by one', back((c, done) => c.sendCommand('GET', 'legacy', done))],
      ['is refused', back((c, done) => c.lpush('legacy', 'x', done))],
      ['has promises, too', (c) => c.v4.get('legacy')],
      ['needs no callback', (c) => c.set('legacy', 'v')],
      ['executes', back((c, done) => c.multi().set('legacy', 'v').get('legacy').exec(done))],
    ];
    const [expected, transcript] = [
      await transcriptOf(clients[0], steps, { once: true }),
      await transcriptOf(clients[1], steps, { once: true }),
    ];
    expect(transcript).toEqual(expected);
    expect(commands()).toEqual({ set: 2, get: 5, lpush: 1 });
    expect(errors()).toEqual({ lpush: 1 });
    for (const client of clients) await endNodeRedis(client);
  }, 60_000);

  it.each([
    ['5', redis5],
    ['6', redis6],
  ])(
    'of node-redis %s counts what its views send, legacy() among them',
    async (_, library) => {
      const client = await opened((library as AnyClient).createClient({ url: servers.single.url }));
      const { recorder, commands } = measured();
      const end = watch(client, recorder);
      const legacy = client.legacy();
      expect(await new Promise((resolve) => legacy.ping((...args: unknown[]) => resolve(args)))).toEqual([
        null,
        'PONG',
      ]);
      await client.withTypeMapping({}).get('none');
      await client.asap().get('none');
      expect(commands()).toEqual({ ping: 1, get: 2 });
      end();
      await endNodeRedis(client);
    },
    60_000,
  );

  it.each([
    ['5', redis5],
    ['6', redis6],
  ])(
    'of node-redis %s may be a sentinel, and what that lends',
    async (_, library) => {
      const sentinel = await RedisSentinel.start(servers.single.port);
      const connect = () =>
        opened(
          (library as AnyClient).createSentinel({
            name: 'master',
            sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
          }),
        );
      const clients = [await connect(), await connect()];
      const { recorder, commands, errors } = measured();
      const end = watch(clients[1], recorder);
      const steps: Step<AnyClient>[] = [
        ['sends', (c) => c.sendCommand(true, ['PING'])],
        ...TYPED.slice(0, 6),
        ['executes', (c) => c.multi().set('{k}2', 'v').get('{k}2').exec()],
        ['executes what is refused in part', (c) => c.multi().set('{k}2', 'v').lPush('{k}2', 'x').exec()],
        ['lends a client', (c) => c.use((lease: AnyClient) => lease.get('{k}1'))],
      ];
      const [expected, transcript] = [
        await transcriptOf(clients[0], steps, { once: true }),
        await transcriptOf(clients[1], steps, { once: true }),
      ];
      expect(transcript).toEqual(expected);
      expect(commands()).toEqual({ ping: 1, set: 3, get: 4, lpush: 2, hgetall: 1, eval: 1 });
      expect(errors()).toEqual({ lpush: 2 });
      end();
      for (const client of clients) await endNodeRedis(client);
      await sentinel.stop();
    },
    90_000,
  );

  it('is not counted for what monitoring asks it', async () => {
    const { recorder, commands } = measured();
    for (const kind of KINDS) {
      const client = await kind.connect(servers);
      watch(client, recorder);
      const ping = client instanceof Redis || client instanceof Cluster ? pingIoRedis : pingNodeRedis;
      await ping(client, AbortSignal.timeout(20_000));
      await kind.close(client);
    }
    expect(commands()).toEqual({});
  }, 90_000);

  it('has names of commands that are bounded in number and length', async () => {
    const { recorder, commands } = measured();
    for (let i = 0; i < 1_000; i++) recorder.begin('CLIENT', `command${i}`)?.end(false);
    for (const odd of ['x'.repeat(1e6), Symbol('s'), 7, {}, Buffer.alloc(1e6), 'two words', null]) {
      recorder.begin('CLIENT', odd ?? '')?.end(false);
    }
    expect(Object.keys(commands()).length).toBe(301);
    expect(commands()['other']).toBe(707);
  });
});
