import { Cluster, Redis } from 'ioredis';
import { MetricsRegistry } from 'nestjs-monitoring';
import * as redis6 from 'redis';
import * as redis4 from 'redis-4';
import * as redis5 from 'redis-5';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchIoRedis } from '../../lib/integrations/ioredis/ioredis.watch.js';
import { watchNodeRedis } from '../../lib/integrations/node-redis/node-redis.watch.js';
import { RedisRecorder } from '../../lib/integrations/redis/redis-recorder.js';
import { systemClock } from '../../lib/metrics/clock.js';
import { valuesOf } from '../collectors/values.js';
import { describeWith } from './support/binaries.js';
import { RedisClusterServers } from './support/redis.cluster.js';
import { RedisServer } from './support/redis.server.js';
import { type Step, transcriptOf } from './support/transcript.js';

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
      // The nodes of a cluster do not answer in an order.
      if (kind.cluster === true) expect(transcript.toSorted()).toEqual(expected.toSorted());
      else expect(transcript).toEqual(expected);
      const twice = (counts: Readonly<Record<string, number>>) =>
        Object.fromEntries(Object.entries(counts).flatMap(([name, n]) => (n === 0 ? [] : [[name, 2 * n]])));
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

  function watch(client: AnyClient, recorder: RedisRecorder): () => void {
    return client instanceof Redis || client instanceof Cluster
      ? watchIoRedis(client, 'CLIENT', recorder)
      : watchNodeRedis(client, 'CLIENT', recorder);
  }
});
