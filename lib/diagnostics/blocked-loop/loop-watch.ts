import { performance } from 'node:perf_hooks';
import { isMainThread, Worker } from 'node:worker_threads';
import { processCpuMs } from '../../primitives/process-cpu.js';
import { processWide } from '../../primitives/process-wide.js';
import { mayInspect } from '../may-inspect.js';
import {
  BEAT_MS,
  CELLS,
  LOOP_SAMPLER,
  RESTING_BEAT_MS,
  type SampleAnswer,
  type SampleRequest,
  type SamplerData,
  type StackSample,
} from './loop-sampler.js';
import { RecentCollections } from './recent-collections.js';
import { offerStackTraces } from './stack-trace-question.js';
import { observeTimedScripts } from './timed-scripts.js';
import { unref } from '../../primitives/unref.js';

/** A time in which the event loop was blocked. */
export interface SampledBlock {
  /** Start on the clock of `performance.now()`, in milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** The stack traces of the main thread meanwhile; none if the block was over too early, or nothing can take them. */
  readonly samples: readonly StackSample[];
  /** Time of garbage collection meanwhile, in milliseconds. */
  readonly gcMs: number;
  /** Time during which the process did not run, since it was stopped or had no processor, in milliseconds. */
  readonly starvedMs: number;
  /** Time during which nothing of the process ran, at most, in milliseconds. */
  readonly idleMs: number;
}

export interface LoopWatchSubscriber {
  readonly thresholdMs: number;
  /** Returns true while the application has work in progress. */
  isActive(): boolean;
  onBlock(block: SampledBlock): void;
  /** Called once if stack traces cannot be taken, such as without the inspector or under the permission model. */
  onUnavailable(error: Error): void;
}

/** The inspector of Node; undefined where Node is built without it. */
const inspector = optionalInspector();

/** A block whose stack traces are awaited. */
interface PendingBlock extends Pick<SampledBlock, 'startedAt' | 'durationMs' | 'idleMs'> {
  readonly beat: number;
}

/** Time during which the main thread waits for the answer of an open question, in milliseconds. */
const ANSWER_WAIT_MS = 50;
/** A delay that the event loop never has, in milliseconds. */
const NEVER_MS = 2 ** 30;
/** Time without work after which the application rests, in milliseconds. */
const MAX_QUIET_MS = 10_000;
/** Use of the event loop between two beats from which on the application works, in milliseconds. */
const WORKING_MS = 5;
const MAX_PENDING = 10;
/** Heap of the sampling thread, in MiB: it keeps a few stack traces. */
const SAMPLER_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

/**
 * A watch of the event loop. A timer of the main thread beats; a thread that misses its beats takes stack traces of the
 * main thread. Both rest with the application, so that an idle process is hardly woken. The applications of a process
 * share one.
 */
export class LoopWatch {
  private readonly cells = new Int32Array(new SharedArrayBuffer(Object.keys(CELLS).length * 4));
  private readonly subscribers = new Set<LoopWatchSubscriber>();
  private readonly pending: PendingBlock[] = [];
  private sampler: Worker | undefined;
  private readonly endings: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly collections = new RecentCollections();
  private beatMs = BEAT_MS;
  private beatAt = 0;
  /** Time that the event loop has been in use until the last beat, in milliseconds. */
  private activeMs = 0;
  /** Time that the process has used processors until the last beat, in milliseconds. */
  private cpuMs = 0;
  private workedAt = 0;

  /** Returns the watch of this process. */
  static shared(): LoopWatch {
    return processWide('loopWatch', () => new LoopWatch());
  }

  /** Watches for a subscriber. Returns a function that ends it. */
  watch(subscriber: LoopWatchSubscriber): () => void {
    this.subscribers.add(subscriber);
    this.setThreshold();
    if (this.subscribers.size === 1) this.start();
    return () => {
      if (!this.subscribers.delete(subscriber)) return;
      this.setThreshold();
      if (this.subscribers.size === 0) this.stop();
    };
  }

  /** Watches closely again, since the application has work after a rest. */
  wake(): void {
    if (this.beatMs === BEAT_MS || this.subscribers.size === 0) return;
    this.pass(performance.now());
    this.setPace(BEAT_MS);
  }

  private setThreshold(): void {
    const thresholds = Array.from(this.subscribers, ({ thresholdMs }) => thresholdMs);
    Atomics.store(this.cells, CELLS.thresholdMs, Math.ceil(Math.min(...thresholds, NEVER_MS)));
  }

  private start(): void {
    const data: SamplerData = { cells: this.cells, cellNumbers: CELLS };
    try {
      if (!isMainThread) throw new Error('the application does not run in the main thread');
      if (!mayInspect()) throw new Error('the permission model forbids the inspector');
      // Nothing that the application preloads: neither by its arguments nor by NODE_OPTIONS.
      const sampler = new Worker(LOOP_SAMPLER, {
        eval: true,
        name: 'monitoring-loop-sampler',
        workerData: data,
        execArgv: [],
        env: {},
        resourceLimits: SAMPLER_LIMITS,
      });
      sampler.on('message', (answer: SampleAnswer) => this.complete(answer));
      sampler.on('error', (error) => this.lose(error));
      // Last, since a listener for messages refers to the thread again.
      sampler.unref();
      this.sampler = sampler;
      // Node waits, and says so, while an inspector is connected.
      process.on('exit', this.hold);
      this.endings.push(
        () => process.off('exit', this.hold),
        observeTimedScripts(this.hold, this.release),
        offerStackTraces(),
      );
    } catch (error) {
      this.lose(error);
    }
    this.collections.start();
    this.workedAt = performance.now();
    this.pass(this.workedAt);
    this.setPace(BEAT_MS);
  }

  private setPace(beatMs: number): void {
    clearInterval(this.timer);
    this.beatMs = beatMs;
    Atomics.store(this.cells, CELLS.beatMs, beatMs);
    Atomics.notify(this.cells, CELLS.beatMs);
    this.timer = unref(setInterval(() => this.beat(), beatMs));
  }

  private stop(): void {
    clearInterval(this.timer);
    this.collections.stop();
    this.endSampler();
    this.pending.length = 0;
  }

  private endSampler(): void {
    const { sampler } = this;
    this.sampler = undefined;
    for (const end of this.endings.splice(0)) end();
    if (sampler === undefined) return;
    sampler.removeAllListeners();
    // It may still fail while it ends.
    sampler.on('error', () => undefined);
    // The next one asks nothing before this one has ended.
    this.hold();
    void sampler.terminate().finally(() => {
      Atomics.store(this.cells, CELLS.isAsking, 0);
      this.release();
    });
  }

  /** Goes on without stack traces. */
  private lose(error: unknown): void {
    this.endSampler();
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const subscriber of this.subscribers) subscriber.onUnavailable(reason);
    for (const block of this.pending.splice(0)) this.report(block, [], 0);
  }

  private beat(): void {
    const now = performance.now();
    const sinceMs = now - this.beatAt;
    const lateMs = sinceMs - this.beatMs;
    const { beat, usedMs, cpuMs } = this.pass(now);
    if (lateMs >= Atomics.load(this.cells, CELLS.thresholdMs)) {
      // Up to one interval of a block is before the beat was due.
      const durationMs = Math.min(sinceMs, Math.max(lateMs, usedMs));
      this.ask({ beat, durationMs, startedAt: now - durationMs, idleMs: Math.max(0, durationMs - cpuMs) });
    }
    const isWorking = usedMs >= WORKING_MS * (this.beatMs / BEAT_MS) || this.isActive();
    if (isWorking) this.workedAt = now;
    const beatMs = now - this.workedAt > MAX_QUIET_MS ? RESTING_BEAT_MS : BEAT_MS;
    if (beatMs !== this.beatMs) this.setPace(beatMs);
  }

  /**
   * Passes a beat. Returns the number of the one before, and how long the event loop was in use and the process used
   * processors since, in milliseconds.
   */
  private pass(now: number): { readonly beat: number; readonly usedMs: number; readonly cpuMs: number } {
    const { active } = performance.eventLoopUtilization();
    const totalCpuMs = processCpuMs();
    const usedMs = active - this.activeMs;
    const cpuMs = totalCpuMs - this.cpuMs;
    Atomics.store(this.cells, CELLS.isInspected, mayBeInspected() ? 1 : 0);
    this.beatAt = now;
    this.activeMs = active;
    this.cpuMs = totalCpuMs;
    return { beat: Atomics.add(this.cells, CELLS.beats, 1), usedMs, cpuMs };
  }

  private isActive(): boolean {
    for (const subscriber of this.subscribers) if (subscriber.isActive()) return true;
    return false;
  }

  private ask(block: PendingBlock): void {
    if (this.sampler === undefined || this.pending.length >= MAX_PENDING) {
      this.report(block, [], 0);
      return;
    }
    this.pending.push(block);
    const { beat, durationMs } = block;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.sampler.postMessage({ beat, durationMs } satisfies SampleRequest);
  }

  private complete({ beat, samples, starvedMs }: SampleAnswer): void {
    const at = this.pending.findIndex((block) => block.beat === beat);
    if (at < 0) return;
    const [block] = this.pending.splice(at, 1);
    if (block !== undefined) this.report(block, samples, starvedMs);
  }

  private report(
    { startedAt, durationMs, idleMs }: PendingBlock,
    samples: readonly StackSample[],
    starvedMs: number,
  ): void {
    this.collections.whenKnown(() => {
      const block = {
        startedAt,
        durationMs,
        samples,
        gcMs: this.collections.msBetween(startedAt, startedAt + durationMs),
        // The sampling thread may have had no processor while the main thread had one.
        starvedMs: Math.min(starvedMs, idleMs),
        idleMs,
      };
      for (const subscriber of this.subscribers) {
        if (durationMs >= subscriber.thresholdMs) subscriber.onBlock(block);
      }
    });
  }

  /** Lets the sampling thread ask nothing more until it is released, and disconnect if it has asked. */
  private readonly hold = (): void => {
    Atomics.add(this.cells, CELLS.holds, 1);
    if (Atomics.load(this.cells, CELLS.isAsking) === 1) {
      Atomics.wait(this.cells, CELLS.isAsking, 1, ANSWER_WAIT_MS);
    }
  };

  private readonly release = (): void => {
    Atomics.sub(this.cells, CELLS.holds, 1);
  };
}

/** Returns true while a developer can connect an inspector; false where Node has none. */
function mayBeInspected(): boolean {
  return inspector?.url() !== undefined;
}

function optionalInspector(): typeof import('node:inspector') | undefined {
  try {
    return process.getBuiltinModule('node:inspector');
  } catch {
    return undefined;
  }
}
