import { type Clock, systemClock } from '../../metrics/clock.js';
import { processCpuMs } from '../../primitives/process-cpu.js';
import { EventLoopBeat, INTERVAL_MS, TOLERANCE_MS } from './event-loop-beat.js';
import { type OperationIdentity, titleOf } from './operation-identity.js';
import type { Operation } from './operation.js';

/** Time without a step of any operation after which the event loop is not watched for those that are open, in milliseconds. */
const MAX_QUIET_MS = 10_000;

/**
 * Duration from which on a run is kept to name what blocked the event loop, and compared with the CPU time of the process,
 * in milliseconds.
 */
const LONG_RUN_MS = 50;

/** Code of an operation that ran without awaiting anything, between two times on the monotonic clock. */
interface LongRun {
  readonly title: string;
  readonly since: number;
  readonly until: number;
}

/** The use of the event loop by operations: whose code ran without awaiting anything, and which others waited meanwhile. */
export class EventLoopUse {
  private readonly beat: EventLoopBeat;
  /** The operation whose code was the last one seen to run, and when. */
  private lastRunner: Operation | undefined;
  private lastRunAt = 0;
  /** Time of the last step of any operation. */
  private activeAt = 0;
  private lastLongRun: LongRun | undefined;
  /** Called when an operation begins after a rest. */
  onWork: (() => void) | undefined;

  /**
   * @param open the operations that have not ended
   * @param readCpuMs returns the CPU time of the process, in milliseconds. No CPU time is comparable with a clock of the
   *   application, on which the process counts as running all the time.
   */
  constructor(
    clock: Clock,
    private readonly open: ReadonlySet<Operation>,
    readCpuMs = clock === systemClock ? processCpuMs : () => clock.monotonic(),
  ) {
    this.beat = new EventLoopBeat(
      clock,
      (now) => this.advanceAll(now),
      (now) => this.open.size > 0 && now - this.activeAt < MAX_QUIET_MS,
      readCpuMs,
    );
  }

  /** True while operations are in progress. */
  get isWatched(): boolean {
    return this.beat.isRunning;
  }

  /** Returns since when the event loop has been blocked, up to `now`; undefined if it is not. */
  blockedSince(now: number): number | undefined {
    return this.beat.blockedSince(now);
  }

  /** Watches the event loop, since an operation has started or come to a next step. */
  watch(now: number): void {
    this.activeAt = now;
    if (this.beat.isRunning) return;
    this.beat.start();
    this.onWork?.();
  }

  /** Notes that the code of an operation runs now. */
  runs(operation: Operation, now: number): void {
    this.lastRunner = operation;
    this.lastRunAt = now;
    this.watch(now);
  }

  /** Returns the job, message or handler whose code ran for most of a time; undefined if none is known. */
  titleDuring(since: number, until: number): string | undefined {
    const run = this.lastLongRun;
    if (run === undefined) return undefined;
    const milliseconds = Math.min(until, run.until) - Math.max(since, run.since);
    return milliseconds * 2 > until - since ? run.title : undefined;
  }

  /** Forgets an operation that has ended. */
  forget(operation: Operation): void {
    if (this.lastRunner === operation) this.lastRunner = undefined;
  }

  /**
   * Records that the code of an operation has blocked the event loop since it was last seen, if it was the last to run and
   * waits for nothing: nothing else can have run since, other than code of which nothing is recorded.
   */
  recordUnseen(operation: Operation, now: number, blockedSince: number): void {
    if (this.lastRunner !== operation || operation.parts.isWaiting || operation.phase === 'response') return;
    // Code that ran before the last beat has let the event loop turn.
    const since = this.lastRunAt >= blockedSince - INTERVAL_MS ? this.lastRunAt : blockedSince;
    this.record(operation, since, now);
  }

  /** Records that the code of an operation ran without awaiting anything. */
  record(operation: Operation, since: number, now: number): void {
    const milliseconds = now - since;
    const cpuMs = this.cpuMsOf(milliseconds);
    if (milliseconds > operation.longestRunMs) {
      operation.longestRunMs = milliseconds;
      operation.longestRunCpuMs = cpuMs;
    }
    if (milliseconds >= TOLERANCE_MS) this.hasRun(operation.title, since, now, cpuMs, operation);
  }

  /** Records that the code of an operation that is not sampled ran without awaiting anything. */
  recordUnsampled(identity: OperationIdentity, since: number, now: number): void {
    const milliseconds = now - since;
    if (milliseconds >= TOLERANCE_MS) this.hasRun(titleOf(identity), since, now, this.cpuMsOf(milliseconds));
  }

  stop(): void {
    this.beat.stop();
    this.lastRunner = undefined;
  }

  /** Lets all operations wait for the event loop, except for the one whose code ran. */
  private hasRun(
    title: string | undefined,
    since: number,
    now: number,
    cpuMs: number,
    operation?: Operation,
  ): void {
    if (title !== undefined && now - since >= LONG_RUN_MS) this.lastLongRun = { title, since, until: now };
    for (const other of this.open) {
      if (other === operation) continue;
      const milliseconds = other.parts.blocked(since, now);
      if (title !== undefined && milliseconds > 0) other.wasBlocked(title, milliseconds, cpuMs);
    }
  }

  /** Returns the CPU time of a run up to now, at most; all of a short one. */
  private cpuMsOf(milliseconds: number): number {
    return milliseconds < LONG_RUN_MS ? milliseconds : Math.min(milliseconds, this.beat.cpuMsSinceBeat());
  }

  private advanceAll(now: number): void {
    const blockedSince = this.beat.blockedSince(now);
    for (const { parts } of this.open) parts.advance(now, blockedSince);
  }
}
