import { createKeyv } from '@keyv/redis';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { type Cache, createCache } from 'cache-manager';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { setTimeout as sleep } from 'node:timers/promises';
import { MetricsContext } from 'nestjs-monitoring';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import * as redis4 from 'redis-4';
import * as redis5 from 'redis-5';
import * as redis6 from 'redis';
import { systemClock } from '../../lib/metrics/clock.js';
import { callsOf, recordsOf } from '../instrumentation/requests/recorded.js';
import { closeAll, counts, type MeasuredApp, startMeasured } from '../instrumentation/support.js';
import { describeWith } from './support/binaries.js';
import { RedisServer } from './support/redis.server.js';

/** A job that reads its own number of keys, in turn with others. */
@Processor('reads', { concurrency: 4 })
@Injectable()
class Reads extends WorkerHost {
  constructor(@Inject('IOREDIS') private readonly redis: Redis) {
    super();
  }

  async process({ data, name }: Job<{ reads: number }>): Promise<void> {
    for (let i = 0; i < data.reads; i++) {
      await this.redis.get(`key ${i}`);
      await sleep(1);
    }
    if (name === 'breaks') throw new RangeError('not to be kept');
  }
}

/** A client that is not connected yet. The major versions differ in types, and not in what is called here. */
function openClient({ createClient }: typeof redis6, url: string) {
  return createClient({ url });
}

describeWith(['redis-server'], 'what operations wait for in Redis', () => {
  let server: RedisServer;
  let measured: MeasuredApp;
  let ioredis: Redis;
  let auto: Redis;
  let queue: Queue;
  const nodeRedis: Record<string, ReturnType<typeof openClient>> = {};
  let cached: Cache;
  let inMemory: Cache;
  let runs = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
    ioredis = new Redis(server.port, { maxRetriesPerRequest: null });
    auto = new Redis(server.port, { enableAutoPipelining: true });
    for (const [major, library] of Object.entries({ 4: redis4, 5: redis5, 6: redis6 })) {
      const client = openClient(library as unknown as typeof redis6, server.url);
      nodeRedis[major] = client;
      await client.connect();
    }
    cached = createCache({ stores: [createKeyv(server.url)] });
    inMemory = createCache({ stores: [new Keyv()] });
    const useValues = { IOREDIS: ioredis, AUTO: auto, CACHED: cached, IN_MEMORY: inMemory, ...nodeRedis };
    measured = await startMeasured(
      {
        imports: [
          {
            module: class Clients {},
            global: true,
            providers: [{ provide: 'IOREDIS', useValue: ioredis }],
            exports: ['IOREDIS'],
          },
          BullModule.forRoot({ connection: ioredis }),
          BullModule.registerQueue({ name: 'reads' }),
        ],
        providers: [
          ...Object.entries(useValues).map(([provide, useValue]) => ({ provide, useValue })),
          Reads,
        ],
      },
      { clock: systemClock, requests: { records: { sampleRate: 1 } } },
    );
    queue = measured.app.get<Queue>(getQueueToken('reads'));
  }, 60_000);

  afterAll(async () => {
    await closeAll();
    ioredis.disconnect();
    auto.disconnect();
    for (const client of Object.values(nodeRedis)) await client.quit();
    await cached.disconnect();
    await server.stop();
  });

  /** The record of a run of a job that does this. */
  async function recordOf(work: () => unknown): Promise<RequestRecord> {
    const name = `waits_${++runs}`;
    await measured.app.get(MetricsContext).run(name, work);
    const [record] = await recordsOf(measured.app, name);
    return record!;
  }

  const IOREDIS: Readonly<Record<string, [() => Promise<unknown>, readonly string[]]>> = {
    'a command': [() => ioredis.get('a'), ['cache redis GET ×1']],
    'a command with a buffer': [() => ioredis.getBuffer('a'), ['cache redis GET ×1']],
    'a refused command': [
      async () => {
        await ioredis.set('text', 'x');
        await ioredis.lpush('text', 'y').catch(() => undefined);
      },
      ['cache redis LPUSH ×1 !1', 'cache redis SET ×1'],
    ],
    'a pipeline as one': [
      () => ioredis.pipeline().get('a').get('b').set('c', 1).exec(),
      ['cache redis PIPELINE ×1'],
    ],
    'a transaction as one': [() => ioredis.multi().get('a').get('b').exec(), ['cache redis MULTI ×1']],
    'a blocking command': [() => ioredis.blpop('nothing', 0.05), ['cache redis BLPOP ×1']],
    'commands that the client puts together': [
      () => Promise.all([auto.get('a'), auto.get('b')]),
      ['cache redis GET ×2'],
    ],
  };

  it.each(Object.entries(IOREDIS))('with ioredis: %s', async (_, [work, calls]) => {
    const record = await recordOf(work);
    expect(callsOf(record)).toEqual(calls);
    // On a busy machine, all of it may be that of the event loop.
    expect((record.parts.cache ?? 0) + (record.parts.event_loop ?? 0)).toBeGreaterThan(0);
  });

  it.each(['4', '5', '6'])('with node-redis %s: commands, pipelines, transactions', async (major) => {
    const client = nodeRedis[major]!;
    const record = await recordOf(async () => {
      await client.set('a', 'x');
      await client.get('a');
      await client.lPush('a', 'y').catch(() => undefined);
      await client.multi().get('a').get('b').exec();
      await client.multi().get('a').get('b').execAsPipeline();
    });
    expect(callsOf(record)).toEqual([
      'cache redis GET ×1',
      'cache redis LPUSH ×1 !1',
      'cache redis MULTI ×1',
      'cache redis PIPELINE ×1',
      'cache redis SET ×1',
    ]);
  });

  it('counts the time of a blocking command as a wait', async () => {
    const { parts } = await recordOf(() => ioredis.blpop('nothing', 0.2));
    // On a busy machine the loop is late to hear of the answer.
    expect(parts.cache! + (parts.event_loop ?? 0)).toBeGreaterThan(190);
  });

  it('names a loop of commands as an N+1, with its line', async () => {
    async function readEach(): Promise<void> {
      for (let i = 0; i < 12; i++) await ioredis.get(`key ${i}`);
    }
    const record = await recordOf(readEach);
    expect(callsOf(record)).toEqual(['cache redis GET ×12 *']);
    expect(record.calls[0]!.site).toMatch(/^readEach \(test\/services\/request-waits\.spec\.ts:\d+:\d+\)$/);
    expect(JSON.stringify(record)).not.toContain('key 1');
  });

  it('counts a cache in Redis as one wait, and one in memory as none', async () => {
    const record = await recordOf(async () => {
      await cached.set('a', 1);
      await cached.get('a');
      await cached.del('a');
      for (let i = 0; i < 20; i++) await inMemory.get(`key ${i}`);
    });
    expect(callsOf(record)).toEqual(['cache CACHED delete ×1', 'cache CACHED get ×1', 'cache CACHED set ×1']);
    expect(record.parts.cache).toBeLessThanOrEqual(record.durationMs);
  });

  it('does not count the loading of a cached value as a wait for the cache', async () => {
    const record = await recordOf(() =>
      cached.wrap('wrapped', async () => {
        await sleep(100);
        return ioredis.get('a');
      }),
    );
    expect(callsOf(record)).toEqual(['cache redis GET ×2', 'cache redis SET ×1']);
    expect(record.parts.application! + (record.parts.event_loop ?? 0)).toBeGreaterThan(80);
  });

  it('counts a job sent to a queue as one wait, though the queue has the client of the application', async () => {
    const record = await recordOf(() => queue.add('sent', { reads: 1 }));
    expect(callsOf(record)).toEqual(['cache bullmq add reads ×1']);
    await recordsOf(measured.app, 'reads sent');
  });

  it('gives commands that the client puts together to the operations that called them', async () => {
    const records = await Promise.all([
      recordOf(() => auto.get('a')),
      recordOf(() => auto.set('a', 'x')),
      recordOf(() => auto.del('a')),
    ]);
    expect(records.map(callsOf)).toEqual([
      ['cache redis GET ×1'],
      ['cache redis SET ×1'],
      ['cache redis DEL ×1'],
    ]);
  });

  it('records the jobs of a worker, each with its own calls', async () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
    await queue.addBulk(numbers.map((reads) => ({ name: `n${reads}`, data: { reads } })));
    for (const reads of numbers) {
      const [record] = await recordsOf(measured.app, `reads n${reads}`);
      expect(record!.kind).toBe('job');
      expect(callsOf(record!)).toEqual([`cache redis GET ×${reads}${reads >= 10 ? ' *' : ''}`]);
    }
    const repeated = counts(measured.registry, 'bullmq_n_plus_one_jobs_total');
    expect(Object.keys(repeated)).toHaveLength(11);
    expect(
      counts(measured.registry, 'bullmq_job_time_seconds_total')['queue=reads job=n20 part=cache'],
    ).toBeGreaterThan(0);
  }, 60_000);

  it('records a failed job with its exception, but not its message', async () => {
    await queue.add('breaks', { reads: 1 });
    const [record] = await recordsOf(measured.app, 'reads breaks', { list: 'failures' });
    expect(record).toMatchObject({
      hasFailed: true,
      exception: {
        error: 'RangeError',
        site: expect.stringMatching(/^Reads\.process \(test\/services\/request-waits/),
      },
    });
    expect(JSON.stringify(record)).not.toContain('not to be kept');
  });
});
