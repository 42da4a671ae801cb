import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import type { MetricsSource } from 'nestjs-monitoring';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import type { PushExporterOptions, PushDependencies } from 'nestjs-monitoring/exporters';
import { ExporterMetrics } from '../../../lib/exporters/push/exporter-metrics.js';
import { scalars } from '../../metrics/support.js';
import { peakGrowth } from '../../support/peak-memory.js';
import { KeptLog, timerClock, useFakeTime } from './support.js';

/** An exporter as the contract uses it. */
export interface ContractExporter {
  exportAll(): Promise<unknown>;
  start(): void;
  shutdown(): Promise<void>;
}

/** How a fake remote treats the requests that come from now on; too late is after the exporter has given up. */
export type RemoteMood = 'takes' | 'fails' | 'hangs' | 'answers too late' | 'refuses';

/** The body of a response over HTTP: what is taken is taken, whatever follows the head that says so. */
const RESPONSE_BODIES = ['whole', 'breaks off', 'never ends', 'floods', 'inflates'] as const;
export type ResponseBody = (typeof RESPONSE_BODIES)[number];

/** What a remote was told, by the value of the label `kind`. */
export interface ToldSums {
  /** What was added to the counter `work_total`. */
  readonly counted: Readonly<Record<string, number>>;
  /** How many values were observed in `size_items`. */
  readonly observed: Readonly<Record<string, number>>;
}

/** The remote of one exporter, which outlives the processes that push to it. */
export interface ContractRemote {
  /** A new process begins to push to it. */
  connect(
    source: MetricsSource,
    options: PushExporterOptions,
    dependencies: PushDependencies,
  ): ContractExporter;
  /** Requests that hang must end when their signal is aborted, or never. */
  mood: RemoteMood;
  /** How many requests have reached it. */
  readonly attempts?: number;
  /** The name of a metric for whose sake it refuses whole requests. */
  poison?: string | undefined;
  /** For remotes over HTTP. */
  body?: ResponseBody;
  /** How many bytes of bodies that flood have been read of it. */
  readonly floodedBytes?: number;
  /** What it was told by all processes together. For a remote that is told totals, those of each process together. */
  told(): Promise<ToldSums> | ToldSums;
  /** What of that it took twice, since it had not said in time that it had it. @default nothing */
  repeated?(): ToldSums;
  /**
   * Resolves when nothing is under way any more but what will not be answered, for remotes behind real sockets or
   * files: fake time must not run away from them.
   */
  settled?(): Promise<void>;
  /** What it should not have been sent: everything that the real one would refuse. */
  readonly complaints: readonly string[];
  /** Frees what it holds. */
  close?(): Promise<void>;
}

export interface ContractSubject {
  readonly name: string;
  /**
   * Whether each push says all, so that what a process has counted is known once its last push is taken, and before
   * a reset of the metrics is not.
   * @default false
   */
  readonly cumulative?: boolean;
  /** How often the remote has what it took too late to say so; undefined if it cannot be too late. */
  readonly takenTooLate?: { readonly counted: 'once' | 'twice' };
  /**
   * Whether it can refuse to take anything until somebody acts, and whole requests for the sake of one metric.
   * @default true
   */
  readonly refuses?: boolean;
  /** Whether it answers over HTTP, so that its responses may be anything. @default false */
  readonly overHttp?: boolean;
  /** The largest number of data points of one series. @default 1 */
  readonly pointsPerSeries?: number;
  /** How many random sequences are tried. @default 30 */
  readonly sequences?: number;
  remote(): ContractRemote | Promise<ContractRemote>;
}

/** What remotes that take only some characters make something else of. */
export const ODD_KIND = 'é "quoted"\\';
const KINDS = ['deal', 'lead', ODD_KIND] as const;
type Kind = (typeof KINDS)[number];

type Act =
  | { readonly inc: Kind; readonly by: number }
  | { readonly observe: Kind; readonly value: number }
  | { readonly pass: number }
  | { readonly mood: RemoteMood }
  | 'export'
  | 'reset'
  | 'remove'
  | 'restart';

const acts = (moods: readonly RemoteMood[]): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.oneof(
      { weight: 10, arbitrary: fc.record({ inc: fc.constantFrom(...KINDS), by: fc.nat(7) }) },
      {
        weight: 6,
        arbitrary: fc.record({
          observe: fc.constantFrom(...KINDS),
          value: fc.double({ min: 0, max: 4_000, noNaN: true }),
        }),
      },
      { weight: 8, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 25_000 }) }) },
      { weight: 4, arbitrary: fc.record({ mood: fc.constantFrom(...moods) }) },
      { weight: 2, arbitrary: fc.constant<Act>('export') },
      { weight: 1, arbitrary: fc.constant<Act>('reset') },
      { weight: 1, arbitrary: fc.constant<Act>('remove') },
      { weight: 1, arbitrary: fc.constant<Act>('restart') },
    ),
    { minLength: 20, maxLength: 60 },
  );

const OPTIONS = { intervalMs: 10_000, timeoutMs: 4_000, shutdownTimeoutMs: 5_000 };

/** One process that works and pushes. */
class Worker {
  readonly registry = new MetricsRegistry({ clock: timerClock, logger: new KeptLog() });
  readonly log = new KeptLog();
  private readonly metrics = new ExporterMetrics(this.registry);
  readonly exporter: ContractExporter;
  private readonly work = this.registry.counter('work_total', 'Work.', { labelNames: ['kind'] });
  private readonly size = this.registry.histogram('size_items', 'Sizes.', {
    labelNames: ['kind'],
    buckets: [10, 100, 1_000],
  });

  constructor(remote: ContractRemote, options: PushExporterOptions) {
    const dependencies = { clock: timerClock, logger: this.log, random: () => 0.3, metrics: this.metrics };
    this.exporter = remote.connect(this.registry, options, dependencies);
  }

  /** @param kind any text, though sequences have few */
  inc(kind: string, by: number): void {
    this.work.inc({ kind }, by);
  }

  observe(kind: Kind, value: number): void {
    this.size.observe({ kind }, value);
  }

  /** What the exporter says of itself. */
  told(metric: string): number {
    return scalars(this.registry, `monitoring_exporter_${metric}`).reduce((sum, { value }) => sum + value, 0);
  }

  get seriesCount(): number {
    return this.registry.snapshot().families.reduce((sum, { series }) => sum + [...series].length, 0);
  }

  /** Looks at everything and keeps it to be sent, whatever the remote does; then forgets series. */
  async forget(all: boolean): Promise<void> {
    await this.exporter.exportAll().catch(() => undefined);
    if (all) this.registry.resetAll();
    else {
      this.work.remove({ kind: 'deal' });
      this.size.remove({ kind: 'deal' });
    }
  }
}

/** Shorter than whatever a request is given up after. */
const STEP_MS = 1_000;

/** Time passes, in steps after which the machine gets as much of its own time as it needs. */
async function pass(ms: number, far: ContractRemote): Promise<void> {
  if (far.settled === undefined) {
    await jest.advanceTimersByTimeAsync(ms);
    return;
  }
  await far.settled();
  for (let left = ms; left > 0; left -= STEP_MS) {
    await jest.advanceTimersByTimeAsync(Math.min(left, STEP_MS));
    await far.settled();
  }
}

/** What a promise does while time passes. */
async function inTime<T>(promise: Promise<T>, far: ContractRemote): Promise<T> {
  const state = { ended: false };
  const watched = promise.finally(() => (state.ended = true));
  watched.catch(() => undefined);
  await pass(0, far);
  for (let passed = 0; !state.ended && passed < 200_000; passed += 100) await pass(100, far);
  return watched;
}

/** The rules that every exporter keeps, against a fake of its remote. */
export function describeExporter(subject: ContractSubject): void {
  const {
    name,
    cumulative = false,
    takenTooLate,
    refuses = true,
    overHttp = false,
    pointsPerSeries = 1,
    sequences = 30,
  } = subject;
  const moods: RemoteMood[] = ['takes', 'fails', 'hangs'];
  if (refuses) moods.push('refuses');
  if (takenTooLate !== undefined) moods.push('answers too late');

  describe(`the contract of exporters, kept by ${name}`, () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    let far: ContractRemote;

    beforeAll(requestOnce);
    beforeEach(() => {
      useFakeTime();
      process.on('unhandledRejection', note);
    });
    afterEach(async () => {
      jest.useRealTimers();
      process.off('unhandledRejection', note);
      await far.close?.();
    });

    it('the remote receives exactly what the application counted, for any sequence of events', async () => {
      await fc.assert(
        fc.asyncProperty(acts(moods), async (sequence) => {
          far = await subject.remote();
          const did = { counted: {} as Record<string, number>, observed: {} as Record<string, number> };
          let worker = new Worker(far, OPTIONS);
          worker.exporter.start();
          for (const act of sequence) {
            if (act === 'export') {
              await inTime(
                worker.exporter.exportAll().catch(() => undefined),
                far,
              );
            } else if (act === 'reset' || act === 'remove') {
              if (!cumulative) await inTime(worker.forget(act === 'reset'), far);
            } else if (act === 'restart') {
              // Nothing can be told to a remote that is away when the process ends.
              far.mood = 'takes';
              await inTime(worker.exporter.shutdown(), far);
              // Longer than the timestamps of several pushes within one second, which run ahead by a second each.
              await pass(10_000, far);
              worker = new Worker(far, OPTIONS);
              worker.exporter.start();
            } else if ('inc' in act) {
              worker.inc(act.inc, act.by);
              add(did.counted, act.inc, act.by);
            } else if ('observe' in act) {
              worker.observe(act.observe, act.value);
              add(did.observed, act.observe, 1);
            } else if ('pass' in act) await pass(act.pass, far);
            else far.mood = act.mood;
          }
          far.mood = 'takes';
          await inTime(worker.exporter.shutdown(), far);
          expect(await toldOnce(far)).toEqual(withoutZeros(did));
          expect(far.complaints).toEqual([]);
          await expectNoTimers(far);
          await far.close?.();
        }),
        { numRuns: sequences, endOnFailure: true },
      );
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    }, 120_000);

    it('sends only the metrics that match the filter', async () => {
      far = await subject.remote();
      const worker = new Worker(far, { ...OPTIONS, metrics: ['work_total'] });
      worker.inc('deal', 1);
      worker.observe('deal', 1);
      await inTime(worker.exporter.exportAll(), far);
      expect(await toldOnce(far)).toEqual({ counted: { deal: 1 }, observed: {} });
      await inTime(worker.exporter.shutdown(), far);
    });

    it('a hanging remote delays nothing but the exporter', async () => {
      far = await subject.remote();
      const worker = new Worker(far, OPTIONS);
      worker.exporter.start();
      far.mood = 'hangs';
      worker.inc('deal', 1);
      await pass(25_000, far);
      // Not a millisecond passes here.
      worker.inc('deal', 1);
      const { families } = await worker.registry.collect();
      expect(families.map((family) => family.name)).toContain('work_total');
      far.mood = 'takes';
      await inTime(worker.exporter.shutdown(), far);
      expect(await toldOnce(far)).toMatchObject({ counted: { deal: 2 } });
    });

    if (takenTooLate !== undefined) {
      it('a request accepted after its timeout is sent again, and arrives as often as documented', async () => {
        far = await subject.remote();
        const worker = new Worker(far, OPTIONS);
        worker.inc('deal', 3);
        worker.observe('lead', 7);
        far.mood = 'answers too late';
        await expect(inTime(worker.exporter.exportAll(), far)).rejects.toThrow('timed out after');
        far.mood = 'takes';
        await inTime(worker.exporter.exportAll(), far);
        const { counted } = await far.told();
        expect(counted).toMatchObject({ deal: takenTooLate.counted === 'twice' ? 6 : 3 });
        // Where histograms go in requests of their own, they were not sent before the counters were taken.
        expect(await toldOnce(far)).toEqual({ counted: { deal: 3 }, observed: { lead: 1 } });
        await inTime(worker.exporter.shutdown(), far);
      });
    }

    if (refuses) {
      it('resumes by itself without loss after the remote rejected everything', async () => {
        far = await subject.remote();
        const worker = new Worker(far, OPTIONS);
        worker.exporter.start();
        far.mood = 'refuses';
        worker.inc('deal', 1);
        for (let minute = 0; minute < 40; minute++) {
          worker.inc('deal', 1);
          await pass(60_000, far);
        }
        expect(worker.told('stopped')).toBe(1);
        expect(worker.log.lines.filter((line) => line.startsWith('error: '))).toHaveLength(1);
        // Seldom enough, and often enough: after 2, 6, 14, 29 … minutes at most, and two requests at a time.
        expect(far.attempts).toBeGreaterThan(3);
        expect(far.attempts).toBeLessThan(30);
        far.mood = 'takes';
        await pass(16 * 60_000, far);
        expect(worker.told('stopped')).toBe(0);
        expect(await toldOnce(far)).toEqual({ counted: { deal: 41 }, observed: {} });
        expect(worker.told('dropped_points_total')).toBe(0);
        await inTime(worker.exporter.shutdown(), far);
      }, 60_000);

      it('counts dropped points while the remote rejects everything', async () => {
        far = await subject.remote();
        const worker = new Worker(far, { ...OPTIONS, maxQueuedRequests: 3 });
        worker.exporter.start();
        far.mood = 'refuses';
        for (let minute = 0; minute < 10; minute++) {
          worker.inc('deal', 1);
          await pass(60_000, far);
        }
        if (!cumulative) expect(worker.told('dropped_points_total')).toBeGreaterThan(0);
        const waiting = worker.told('queue_points');
        expect(waiting).toBeGreaterThan(0);
        const before = worker.told('dropped_points_total');
        await inTime(worker.exporter.shutdown(), far);
        expect(worker.told('dropped_points_total')).toBeGreaterThan(before);
        expect(worker.told('queue_points')).toBe(0);
        await expectNoTimers(far);
      });

      it('drops only the rejected ones of many data points, in a bounded number of requests', async () => {
        far = await subject.remote();
        const worker = new Worker(far, OPTIONS);
        const did: Record<string, number> = {};
        for (let i = 0; i < 300; i++) {
          worker.inc(`kind_${i}`, i + 1);
          did[`kind_${i}`] = i + 1;
        }
        worker.registry.counter('poison_total', 'What it does not take.').inc(7);
        for (let i = 0; i < 20; i++) worker.registry.gauge(`other_${i}`, 'Another metric.').set(i);
        far.poison = 'poison_total';
        await expect(inTime(worker.exporter.exportAll(), far)).rejects.toThrow('poison');
        expect(await toldOnce(far)).toEqual({ counted: did, observed: {} });
        expect(worker.told('dropped_points_total')).toBe(1);
        const first = far.attempts ?? NaN;
        expect(first).toBeLessThanOrEqual(4 + 2 * 32);
        await inTime(worker.exporter.shutdown(), far);
      });
    }

    if (overHttp) {
      /** Of a body that is 1.5 GB when it has been inflated. */
      const MOST_BYTES = 150 * 1024 * 1024;

      /** Expects work with a new remote to take little memory. */
      async function expectLittleMemory(work: () => Promise<void>): Promise<void> {
        let remotes = 0;
        const grown = await peakGrowth(async () => {
          if (remotes++ > 0) await far.close?.();
          far = await subject.remote();
          await work();
        }, MOST_BYTES);
        expect(grown).toBeLessThan(MOST_BYTES);
      }

      it.each(RESPONSE_BODIES.slice(1))(
        'treats a status of success as an acknowledgement, though the body %s, and reads little of it',
        async (body) => {
          await expectLittleMemory(async () => {
            const worker = new Worker(far, OPTIONS);
            worker.inc('deal', 3);
            worker.observe('lead', 7);
            far.body = body;
            await inTime(worker.exporter.exportAll(), far);
            far.body = 'whole';
            await inTime(worker.exporter.exportAll(), far);
            expect(far.repeated?.()).toEqual({ counted: {}, observed: {} });
            expect(await toldOnce(far)).toEqual({ counted: { deal: 3 }, observed: { lead: 1 } });
            expect(worker.told('failures_total')).toBe(0);
            // Most of it in the buffers of the system.
            expect(far.floodedBytes ?? 0).toBeLessThan(32 * 1024 * 1024);
            await inTime(worker.exporter.shutdown(), far);
          });
        },
      );

      it.each(RESPONSE_BODIES.slice(1))(
        'retries a failure whose body %s, and reads little of it',
        async (body) => {
          await expectLittleMemory(async () => {
            const worker = new Worker(far, OPTIONS);
            worker.inc('deal', 3);
            far.mood = 'fails';
            far.body = body;
            await expect(inTime(worker.exporter.exportAll(), far)).rejects.toThrow();
            await expect(inTime(worker.exporter.exportAll(), far)).rejects.toThrow();
            far.mood = 'takes';
            far.body = 'whole';
            await inTime(worker.exporter.exportAll(), far);
            expect(await toldOnce(far)).toEqual({ counted: { deal: 3 }, observed: {} });
            expect(far.floodedBytes ?? 0).toBeLessThan(32 * 1024 * 1024);
            await inTime(worker.exporter.shutdown(), far);
          });
        },
      );
    }

    it('the queue for a failing remote is bounded, and dropped points are counted', async () => {
      far = await subject.remote();
      const worker = new Worker(far, { ...OPTIONS, maxQueuedRequests: 4 });
      worker.exporter.start();
      far.mood = 'fails';
      let queued = 0;
      for (let i = 0; i < 40; i++) {
        worker.inc('deal', 1);
        worker.observe('lead', i);
        await pass(10_000, far);
        queued = Math.max(queued, worker.told('queue_points'));
      }
      expect(queued).toBeGreaterThan(0);
      // No request tells more than every series.
      expect(queued).toBeLessThanOrEqual(4 * worker.seriesCount * pointsPerSeries);
      if (!cumulative) expect(worker.told('dropped_points_total')).toBeGreaterThan(0);
      far.mood = 'takes';
      await inTime(worker.exporter.shutdown(), far);
      expect(worker.told('queue_points')).toBe(0);
      expect(far.complaints).toEqual([]);
    });

    it('shutdown ends in time without success and leaves nothing behind', async () => {
      far = await subject.remote();
      const worker = new Worker(far, OPTIONS);
      worker.exporter.start();
      worker.inc('deal', 1);
      far.mood = 'hangs';
      const end = worker.exporter.shutdown();
      await pass(OPTIONS.shutdownTimeoutMs + 1_000, far);
      await inTime(end, far);
      await expectNoTimers(far);
      expect(worker.log.lines.length).toBeLessThanOrEqual(2);
    });
  });
}

/** Nothing is left that would ever happen; sockets have timers of their own, which end by themselves. */
async function expectNoTimers(far: ContractRemote): Promise<void> {
  if (far.settled !== undefined) await pass(10_000, far);
  expect(jest.getTimerCount()).toBe(0);
}

/** The one timer that all requests share is made with the first of them, and must not be a fake one. */
async function requestOnce(): Promise<void> {
  const server = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).then((answer) => answer.text());
  server.closeAllConnections();
  server.close();
}

/** What a remote was told, without what it was told twice. */
async function toldOnce(far: ContractRemote): Promise<ToldSums> {
  const { counted, observed } = await far.told();
  const repeated = far.repeated?.() ?? { counted: {}, observed: {} };
  return withoutZeros({
    counted: difference(counted, repeated.counted),
    observed: difference(observed, repeated.observed),
  });
}

function difference(sums: Sums, less: Sums): Sums {
  return Object.fromEntries(Object.entries(sums).map(([kind, sum]) => [kind, sum - (less[kind] ?? 0)]));
}

type Sums = ToldSums['counted'];

/** Sums by `kind`, of whatever says how much to add to which. */
export function sumsOf(parts: Iterable<readonly [kind: string | undefined, by: number]>): Sums {
  const sums: Record<string, number> = {};
  for (const [kind = '', by] of parts) add(sums, kind, by);
  return sums;
}

function add(sums: Record<string, number>, kind: string, by: number): void {
  sums[kind] = (sums[kind] ?? 0) + by;
}

function withoutZeros({ counted, observed }: ToldSums): ToldSums {
  return { counted: nonZero(counted), observed: nonZero(observed) };
}

function nonZero(sums: Sums): Sums {
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}
