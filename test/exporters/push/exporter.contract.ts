import * as fc from 'fast-check';
import {
  ExporterMetrics,
  MetricsRegistry,
  type MetricsSource,
  type PushExporterOptions,
  type PushSurroundings,
} from 'nestjs-monitoring';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scalars } from '../../metrics/support.js';
import { KeptLog, timerClock, useFakeTime } from './support.js';

/** An exporter as the contract uses it. */
export interface ContractExporter {
  exportAll(): Promise<unknown>;
  start(): void;
  shutdown(): Promise<void>;
}

/** How a fake remote treats the requests that come from now on. */
export type RemoteMood = 'takes' | 'fails' | 'hangs';

/** The remote of one exporter, which outlives the processes that push to it. */
export interface ContractRemote {
  /** A new process begins to push to it. */
  connect(
    source: MetricsSource,
    options: PushExporterOptions,
    surroundings: PushSurroundings,
  ): ContractExporter;
  /** Requests that hang must end when their signal is aborted, or never. */
  mood: RemoteMood;
  /**
   * What it was told to have been added to the counter `work_total`, by the value of its label `kind`, all processes
   * together. For a remote that is told totals, those of each process together.
   */
  counted(): Promise<Record<string, number>> | Record<string, number>;
  /** As {@link counted}, for how many values were observed in `size_items` by `kind`. */
  observed(): Promise<Record<string, number>> | Record<string, number>;
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
  /**
   * How many milliseconds of real time a push may need before fake time passes, for remotes behind real sockets or
   * files.
   * @default 0
   */
  readonly settleMs?: number;
  /** How many random sequences are tried. @default 30 */
  readonly sequences?: number;
  remote(): ContractRemote | Promise<ContractRemote>;
}

const KINDS = ['deal', 'lead', 'é "quoted"\\'] as const;
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

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ inc: fc.constantFrom(...KINDS), by: fc.nat(7) }) },
    {
      weight: 6,
      arbitrary: fc.record({ observe: fc.constantFrom(...KINDS), value: fc.integer({ min: 0, max: 4_000 }) }),
    },
    { weight: 8, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 25_000 }) }) },
    { weight: 4, arbitrary: fc.record({ mood: fc.constantFrom<RemoteMood>('takes', 'fails', 'hangs') }) },
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
    const surroundings = { clock: timerClock, logger: this.log, random: () => 0.3, metrics: this.metrics };
    this.exporter = remote.connect(this.registry, options, surroundings);
  }

  inc(kind: Kind, by: number): void {
    this.work.inc({ kind }, by);
  }

  observe(kind: Kind, value: number): void {
    this.size.observe({ kind }, value);
  }

  /** What the exporter says of itself. */
  told(metric: string): number {
    return scalars(this.registry, `monitoring_exporter_${metric}`).reduce((sum, { value }) => sum + value, 0);
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

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** The timer of the machine, which does not know of fake time, as sockets and files do not. */
const realTimeout = setTimeout;

/** What a promise does while time passes, before which the machine gets `settleMs` of its own. */
async function inTime<T>(promise: Promise<T>, settleMs: number): Promise<T> {
  const state = { ended: false };
  const watched = promise.finally(() => (state.ended = true));
  watched.catch(() => undefined);
  for (let waited = 0; !state.ended && waited < settleMs; waited++) {
    await pass(0);
    await new Promise((resolve) => realTimeout(resolve, 1));
  }
  for (let passed = 0; !state.ended && passed < 200_000; passed += 100) {
    await pass(100);
    await new Promise((resolve) => realTimeout(resolve, settleMs > 0 ? 20 : 0));
  }
  return watched;
}

/** The rules that every exporter keeps, against a fake of its remote. */
export function describeExporter(subject: ContractSubject): void {
  const { name, cumulative = false, settleMs = 0, sequences = 30 } = subject;
  // Where the machine takes its time, fake time must not run away from it.
  const options = settleMs > 0 ? { ...OPTIONS, timeoutMs: 60_000, shutdownTimeoutMs: 120_000 } : OPTIONS;

  describe(`the contract of exporters, kept by ${name}`, () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);

    beforeEach(() => {
      useFakeTime();
      process.on('unhandledRejection', note);
    });
    afterEach(() => {
      vi.useRealTimers();
      process.off('unhandledRejection', note);
    });

    it('what the remote has been told is exactly what the application did, whatever happens', async () => {
      await fc.assert(
        fc.asyncProperty(acts, async (sequence) => {
          const far = await subject.remote();
          const did: Record<'counted' | 'observed', Record<string, number>> = { counted: {}, observed: {} };
          let worker = new Worker(far, options);
          worker.exporter.start();
          for (const act of sequence) {
            if (act === 'export') {
              await inTime(
                worker.exporter.exportAll().catch(() => undefined),
                settleMs,
              );
            } else if (act === 'reset' || act === 'remove') {
              if (!cumulative) await inTime(worker.forget(act === 'reset'), settleMs);
            } else if (act === 'restart') {
              // Nothing can be told to a remote that is away when the process ends.
              far.mood = 'takes';
              await inTime(worker.exporter.shutdown(), settleMs);
              worker = new Worker(far, options);
              worker.exporter.start();
            } else if ('inc' in act) {
              worker.inc(act.inc, act.by);
              add(did.counted, act.inc, act.by);
            } else if ('observe' in act) {
              worker.observe(act.observe, act.value);
              add(did.observed, act.observe, 1);
            } else if ('pass' in act) await pass(act.pass);
            else far.mood = act.mood;
          }
          far.mood = 'takes';
          await inTime(worker.exporter.shutdown(), settleMs);
          expect(withoutZeros(await far.counted())).toEqual(withoutZeros(did.counted));
          expect(withoutZeros(await far.observed())).toEqual(withoutZeros(did.observed));
          expect(far.complaints).toEqual([]);
          expect(vi.getTimerCount()).toBe(0);
          await far.close?.();
        }),
        { numRuns: sequences, endOnFailure: settleMs > 0 },
      );
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    }, 120_000);

    it('nothing waits for a remote that hangs, but the exporter', async () => {
      const far = await subject.remote();
      const worker = new Worker(far, options);
      worker.exporter.start();
      far.mood = 'hangs';
      worker.inc('deal', 1);
      await pass(25_000);
      // Not a millisecond passes here.
      worker.inc('deal', 1);
      const { families } = await worker.registry.collect();
      expect(families.map((family) => family.name)).toContain('work_total');
      far.mood = 'takes';
      await inTime(worker.exporter.shutdown(), settleMs);
      expect(withoutZeros(await far.counted())).toEqual({ deal: 2 });
      await far.close?.();
    });

    it('what waits for a remote that fails is bounded, and what is dropped is counted', async () => {
      const far = await subject.remote();
      const worker = new Worker(far, { ...options, maxQueueRequests: 4 });
      worker.exporter.start();
      far.mood = 'fails';
      const queued: number[] = [];
      for (let i = 0; i < 40; i++) {
        worker.inc('deal', 1);
        worker.observe('lead', i);
        await pass(10_000);
        queued.push(worker.told('queue_points'));
      }
      expect(queued.at(-1)).toBeGreaterThan(0);
      // It does not grow; whether a request is under way beside those that wait is a matter of the moment.
      expect(Math.max(...queued.slice(-10))).toBeLessThanOrEqual(Math.max(...queued.slice(-30, -10)));
      if (!cumulative) expect(worker.told('dropped_points_total')).toBeGreaterThan(0);
      far.mood = 'takes';
      await inTime(worker.exporter.shutdown(), settleMs);
      expect(worker.told('queue_points')).toBe(0);
      expect(far.complaints).toEqual([]);
      await far.close?.();
    });

    it('without success, the end comes in time and leaves nothing behind', async () => {
      const far = await subject.remote();
      const worker = new Worker(far, options);
      worker.exporter.start();
      worker.inc('deal', 1);
      far.mood = 'hangs';
      const end = worker.exporter.shutdown();
      await pass(options.shutdownTimeoutMs + 1_000);
      await inTime(end, settleMs);
      expect(vi.getTimerCount()).toBe(0);
      expect(worker.log.lines.length).toBeLessThanOrEqual(2);
      await far.close?.();
    });
  });
}

function add(sums: Record<string, number>, kind: string, by: number): void {
  sums[kind] = (sums[kind] ?? 0) + by;
}

function withoutZeros(sums: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}
