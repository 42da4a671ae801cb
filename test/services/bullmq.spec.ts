import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { InjectQueue, Processor, WorkerHost, BullModule, BullRegistrar } from '@nestjs/bullmq';
import { Injectable, type ModuleMetadata, type OnModuleInit, Scope } from '@nestjs/common';
import {
  DelayedError,
  type Job,
  Queue,
  UnrecoverableError,
  WaitingChildrenError,
  WaitingError,
  Worker,
} from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { eventually, seriesOf } from '../e2e/fixture/start-app.js';
import { closeAll, counts, startMeasured, startPlain } from '../instrumentation/support.js';
import { describeWith } from './support/binaries.js';
import { RedisServer } from './support/redis.server.js';

const DEADLINE_MS = 15_000;

class StockError extends Error {}

class LaterError extends DelayedError {}

/** What a job of the test before it puts itself off does with the queue. */
let limitRate: () => Promise<unknown> = () => Promise.resolve();
let addChild: (parent: Job) => Promise<unknown> = () => Promise.resolve();
let beginChildren: () => void = () => undefined;

/** What the jobs wait for. */
let hold: Promise<void> = Promise.resolve();

async function work(job: Job<{ until?: number }>, token?: string): Promise<string> {
  await hold;
  switch (job.name) {
    case 'fails':
      throw new StockError('none left');
    case 'hopeless':
      throw new UnrecoverableError('never');
    case 'second':
      if (job.attemptsMade === 0) throw new StockError('not yet');
      return 'at last';
    case 'later':
      if (job.data.until === undefined) {
        await job.updateData({ until: 1 });
        await job.moveToDelayed(Date.now() + 20, token);
        throw new DelayedError();
      }
      return 'later';
    case 'waits':
      return deferOnce(job, async () => {
        await job.moveToWait(token);
        throw new WaitingError();
      });
    case 'limited':
      return deferOnce(job, async () => {
        await limitRate();
        throw Worker.RateLimitError();
      });
    case 'parent':
      return deferOnce(job, async () => {
        await addChild(job);
        const isWaiting = await job.moveToWaitingChildren(token ?? '');
        // Not before: a parent does not wait for children that have ended.
        beginChildren();
        if (isWaiting) throw new WaitingChildrenError();
      });
    case 'much later':
      return deferOnce(job, async () => {
        await job.moveToDelayed(Date.now() + 20, token);
        throw new LaterError();
      });
    default:
      return 'done';
  }
}

async function deferOnce(job: Job<{ until?: number }>, defer: () => Promise<void>): Promise<string> {
  if (job.data.until !== undefined) return 'later';
  await job.updateData({ until: 1 });
  await defer();
  return 'at once';
}

@Processor('orders', { concurrency: 5, stalledInterval: 200, lockDuration: 10_000 })
class Orders extends WorkerHost {
  process(job: Job, token?: string): Promise<string> {
    return work(job, token);
  }
}

@Processor({ name: 'orders', scope: Scope.REQUEST })
class ScopedOrders extends WorkerHost {
  process(job: Job): Promise<string> {
    return work(job);
  }
}

@Injectable()
class Producer {
  constructor(@InjectQueue('orders') readonly queue: Queue) {}
}

/** Waits until that many jobs have ended for good. */
function untilEnded(registry: MetricsRegistry, jobs: number): Promise<void> {
  return eventually(() => {
    const ended = ['completed', 'failed'].flatMap((end) =>
      seriesOf(registry, `bullmq_jobs_${end}_total`).map(({ value }) => value),
    );
    expect(ended.reduce((sum, value) => sum + value, 0)).toBe(jobs);
  }, DEADLINE_MS);
}

describeWith(['redis-server'], 'the queues of BullMQ', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterEach(async () => {
    hold = Promise.resolve();
    await closeAll();
  });

  afterAll(() => redis.stop());

  const connection = () => ({ host: '127.0.0.1', port: redis.port });
  const bull = (options: object = {}) => [
    BullModule.forRoot({ connection: connection(), ...options }),
    BullModule.registerQueue({ name: 'orders' }),
  ];
  const withQueue = (...providers: NonNullable<ModuleMetadata['providers']>): ModuleMetadata => ({
    imports: bull(),
    providers: [Producer, ...providers],
  });

  it.each<[string, object, Record<string, Record<string, number>>]>([
    [
      'ship',
      {},
      {
        completed_total: { 'queue=orders job=ship': 1 },
        duration_seconds: { 'queue=orders job=ship outcome=success': 1 },
      },
    ],
    [
      'fails',
      { attempts: 3 },
      {
        failed_total: { 'queue=orders job=fails error=StockError': 1 },
        retries_total: { 'queue=orders job=fails error=StockError': 2 },
        duration_seconds: { 'queue=orders job=fails outcome=error': 3 },
      },
    ],
    [
      'second',
      { attempts: 3, backoff: 10 },
      {
        completed_total: { 'queue=orders job=second': 1 },
        retries_total: { 'queue=orders job=second error=StockError': 1 },
        duration_seconds: {
          'queue=orders job=second outcome=error': 1,
          'queue=orders job=second outcome=success': 1,
        },
      },
    ],
    [
      'hopeless',
      { attempts: 3 },
      {
        failed_total: { 'queue=orders job=hopeless error=UnrecoverableError': 1 },
        duration_seconds: { 'queue=orders job=hopeless outcome=error': 1 },
      },
    ],
    [
      'later',
      {},
      {
        completed_total: { 'queue=orders job=later': 1 },
        duration_seconds: {
          'queue=orders job=later outcome=deferred': 1,
          'queue=orders job=later outcome=success': 1,
        },
      },
    ],
    ...['waits', 'limited', 'parent', 'much later'].map(
      (job): [string, object, Record<string, Record<string, number>>] => [
        job,
        {},
        {
          completed_total: { [`queue=orders job=${job}`]: 1 },
          duration_seconds: {
            [`queue=orders job=${job} outcome=deferred`]: 1,
            [`queue=orders job=${job} outcome=success`]: 1,
          },
        },
      ],
    ),
  ])('count a job that is or does this: %s', async (name, options, expected) => {
    const { registry, queue } = await start(withQueue(Orders));
    limitRate = () => queue.rateLimit(50);
    const children = new Queue('children', { connection: connection() });
    await children.obliterate({ force: true });
    const child = new Worker('children', () => Promise.resolve('done'), {
      connection: connection(),
      autorun: false,
    });
    beginChildren = () => void child.run();
    addChild = ({ id, queueQualifiedName }) =>
      children.add('child', {}, { parent: { id: id ?? '', queue: queueQualifiedName } });
    await queue.add(name, {}, options);
    await untilEnded(registry, 1);
    await Promise.all([child.close(), children.close()]);
    await eventually(() => expect(counts(registry, 'bullmq_jobs_in_progress')).toEqual({}));
    const found = {
      completed_total: counts(registry, 'bullmq_jobs_completed_total'),
      failed_total: counts(registry, 'bullmq_jobs_failed_total'),
      retries_total: counts(registry, 'bullmq_job_retries_total'),
      duration_seconds: counts(registry, 'bullmq_job_duration_seconds'),
    };
    const given = Object.entries(found).filter(([, values]) => Object.keys(values).length > 0);
    expect(Object.fromEntries(given)).toEqual(expected);
    expect(counts(registry, 'bullmq_job_wait_duration_seconds')).toEqual({ [`queue=orders job=${name}`]: 1 });
  });

  it('tell what is in progress here, and how many jobs wait', async () => {
    let release!: () => void;
    hold = new Promise((resolve) => (release = resolve));
    const { registry, queue } = await start(withQueue(Orders));
    await queue.addBulk(Array.from({ length: 7 }, () => ({ name: 'ship', data: {} })));
    await queue.add('ship', {}, { delay: 3_600_000 });
    await queue.add('ship', {}, { priority: 3 });
    await eventually(
      () => expect(counts(registry, 'bullmq_jobs_in_progress')).toEqual({ 'queue=orders job=ship': 5 }),
      DEADLINE_MS,
    );
    await registry.collect();
    expect(counts(registry, 'bullmq_queue_jobs')).toEqual({
      'queue=orders state=active': 5,
      'queue=orders state=waiting': 2,
      'queue=orders state=delayed': 1,
      'queue=orders state=prioritized': 1,
    });
    release();
    await untilEnded(registry, 8);
    await registry.collect();
    expect(counts(registry, 'bullmq_queue_jobs')).toEqual({
      'queue=orders state=completed': 8,
      'queue=orders state=delayed': 1,
    });
  });

  it('count a job whose worker is gone as stalled', async () => {
    const { registry, queue } = await start(withQueue());
    await queue.add('ship', {});
    const gone = new Worker('orders', null, {
      connection: connection(),
      lockDuration: 100,
      skipLockRenewal: true,
    });
    await gone.getNextJob('a token');
    await gone.close(true);
    await closeAll();
    const { app, registry: later } = await startMeasured(withQueue(Orders));
    await untilEnded(later, 1);
    expect(counts(later, 'bullmq_jobs_stalled_total')).toEqual({ 'queue=orders': 1 });
    expect(counts(later, 'bullmq_jobs_completed_total')).toEqual({ 'queue=orders job=ship': 1 });
    expect(counts(registry, 'bullmq_jobs_completed_total')).toEqual({});
    await app.close();
  });

  it.each([
    ['first', true],
    ['last', false],
  ])('count what waited before the start, MonitoringModule being imported %s', async (_, first) => {
    await start(withQueue()).then(({ queue }) =>
      queue.addBulk(Array.from({ length: 5 }, () => ({ name: 'ship', data: {} }))),
    );
    await closeAll();
    @Injectable()
    class Slow implements OnModuleInit {
      async onModuleInit(): Promise<void> {
        await sleep(300);
      }
    }
    const monitoring = MonitoringModule.forRoot({ collectors: { runtime: false } });
    const app = await startPlain({
      imports: first ? [monitoring, ...bull()] : [...bull(), monitoring],
      providers: [Orders, Producer, Slow],
    });
    await untilEnded(app.get(MetricsRegistry), 5);
    expect(counts(app.get(MetricsRegistry), 'bullmq_job_duration_seconds')).toEqual({
      'queue=orders job=ship outcome=success': 5,
    });
  });

  it('may be processed for each request, by a worker of the application, or be registered late', async () => {
    const scoped = await start(withQueue(ScopedOrders));
    await scoped.queue.add('ship', {});
    await untilEnded(scoped.registry, 1);
    await closeAll();

    const worker = new Worker('orders', work, { connection: connection(), autorun: false });
    const own = await start(withQueue({ provide: 'worker', useValue: worker }));
    void worker.run();
    await own.queue.add('ship', {});
    await untilEnded(own.registry, 1);
    await closeAll();
    expect(['completed', 'failed', 'stalled'].map((event) => worker.listenerCount(event))).toEqual([0, 0, 0]);
    expect(Object.hasOwn(worker, 'callProcessJob')).toBe(false);
    await worker.close();

    const late = await start({
      imports: bull({ extraOptions: { manualRegistration: true } }),
      providers: [Producer, Orders],
    });
    await late.queue.add('ship', {});
    late.app.get(BullRegistrar).register();
    await untilEnded(late.registry, 1);
  });

  it('have names of jobs up to maxJobs, so that random ones make no series', async () => {
    const { registry, queue } = await start(withQueue(Orders), { jobs: { bullmq: { maxJobs: 2 } } });
    await queue.addBulk(Array.from({ length: 20 }, (_, i) => ({ name: `job-${i}`, data: {} })));
    await untilEnded(registry, 20);
    const completed = counts(registry, 'bullmq_jobs_completed_total');
    expect(Object.keys(completed)).toHaveLength(3);
    expect(completed['queue=orders job=other']).toBe(18);
  });

  it('are unknown while Redis is gone, and known again when it is back', async () => {
    const { registry, queue, app } = await start(withQueue(Orders));
    queue.on('error', () => undefined);
    app.get(Orders).worker.on('error', () => undefined);
    const success = () =>
      seriesOf(registry, 'monitoring_collector_success').find(
        ({ labels }) => labels['collector'] === 'queues',
      )?.value;
    await registry.collect();
    expect(success()).toBe(1);
    await redis.crash();
    await eventually(async () => {
      await registry.collect();
      expect(success()).toBe(0);
    }, DEADLINE_MS);
    expect(seriesOf(registry, 'bullmq_queue_jobs')).toEqual([]);
    await redis.restart();
    await eventually(async () => {
      await registry.collect();
      expect(success()).toBe(1);
    }, DEADLINE_MS);
    await queue.add('ship', {});
    await untilEnded(registry, 1);
    await registry.collect();
    expect(counts(registry, 'bullmq_queue_jobs')).toEqual({ 'queue=orders state=completed': 1 });
  }, 60_000);

  it.each([
    [
      'jobs: false and collectors.queues: false',
      { jobs: false as const, collectors: { runtime: false as const, queues: false as const } },
    ],
    ['enabled: false', { enabled: false }],
  ])('need not be measured: %s', async (_, options) => {
    const { registry, queue } = await start(withQueue(Orders), options);
    const job = await queue.add('ship', {});
    await eventually(async () => expect(await job.isCompleted()).toBe(true), DEADLINE_MS);
    expect(registry.getAllMetrics().filter(({ name }) => name.startsWith('bullmq'))).toEqual([]);
  });

  it('are looked at on a beat with intervalMs', async () => {
    const { registry } = await start(withQueue(), {
      collectors: { runtime: false, queues: { intervalMs: 20 } },
    });
    const { queue } = (await startMeasured(withQueue())).app.get(Producer);
    await queue.add('ship', {}, { delay: 3_600_000 });
    await eventually(
      () => expect(counts(registry, 'bullmq_queue_jobs')).toEqual({ 'queue=orders state=delayed': 1 }),
      DEADLINE_MS,
    );
  });
});

async function start(metadata: ModuleMetadata, options: MonitoringOptions = {}) {
  const measured = await startMeasured(metadata, options);
  const { queue } = measured.app.get(Producer);
  await queue.obliterate({ force: true });
  return { ...measured, queue };
}
