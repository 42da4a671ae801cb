import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type {
  AskedScope,
  CountableWait,
  OperationScope,
  OperationWaits,
  WaitedCall,
  WaitPart,
} from '../../integrations/operation-waits.js';
import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { CallPlaces } from './call-places.js';
import { CallSites } from './call-sites.js';
import { ContextScope } from './context-scope.js';
import { EventLoopUse } from './event-loop-use.js';
import { type CallPlace, type CallTally, Operation, type OperationContext } from './operation.js';
import type { OperationIdentity } from './operation-identity.js';
import type { OperationKind, RequestPhase } from './request-record.js';
import { IS_CONTEXT_EXPENSIVE } from './requests.options.js';
import { Sampler } from './sampler.js';
import { StartedWait, type WaitingOperations } from './started-wait.js';
import { unref } from '../../primitives/unref.js';

/** Upper limit for open operations. An Observable that no one subscribes to never ends. */
const MAX_OPEN = 10_000;

/** Number of operations that are recorded in each second whatever the sample rate, so that a quiet application is recorded whole. */
const FIRST_OF_SECOND = IS_CONTEXT_EXPENSIVE ? 10 : 100;

/** The options of {@link Operations}. */
export interface OperationsOptions {
  /** Share of operations that are recorded, from 0 to 1. */
  readonly sampleRate: number;
  /** Number of equal calls within one operation from which on they are repeated. */
  readonly repeatedCalls: number;
}

/** The operations of the application that run: which one an async context belongs to, and what each of them waits for. */
export class Operations implements OperationWaits, WaitingOperations {
  readonly sites = new CallSites();

  private readonly storage = new AsyncLocalStorage<OperationContext | undefined>();
  private readonly open = new Set<Operation>();
  readonly eventLoop: EventLoopUse;
  private readonly sampler: Sampler;
  private readonly idPrefix = randomBytes(6).toString('hex');
  private lastId = 0;
  readonly places: CallPlaces;
  private isDisableScheduled = false;
  /** The context of whatever is not recorded. */
  private readonly none: OperationScope = { run: (work) => this.leave(work) };

  constructor(
    private readonly clock: Clock,
    private readonly options: OperationsOptions,
    private readonly guard: Guard,
    readCpuMs?: () => number,
  ) {
    this.sampler = new Sampler(options.sampleRate, FIRST_OF_SECOND);
    this.places = new CallPlaces(this.sites, options.repeatedCalls);
    this.eventLoop = new EventLoopUse(clock, this.open, readCpuMs);
  }

  /** True if no operation that is recorded runs, so that there is no async context either. */
  get isIdle(): boolean {
    return this.open.size === 0;
  }

  /** The recorded operation of the current async context; undefined if there is none, or it has ended. */
  get current(): Operation | undefined {
    if (this.isIdle) return undefined;
    const operation = this.storage.getStore()?.operation;
    return operation?.isOpen === true ? operation : undefined;
  }

  /** Share of operations that are recorded, from 0 to 1. */
  get sampleRate(): number {
    return this.options.sampleRate;
  }

  /** The operations that run. */
  get running(): Iterable<Operation> {
    return this.open;
  }

  /**
   * Starts an operation; undefined if it is not sampled. The caller must end it.
   *
   * @param identity undefined for a request, whose route is known at its end
   */
  start(kind: OperationKind, startedAt: number, identity?: OperationIdentity): Operation | undefined {
    if (!this.sampler.samples(startedAt)) return undefined;
    const operation = new Operation(this.nextId(), kind, startedAt, this.clock.now(), identity);
    if (this.open.size >= MAX_OPEN) this.discardOldest();
    this.open.add(operation);
    this.eventLoop.watch(startedAt);
    return operation;
  }

  /** Returns the ID for a new record. */
  nextId(): string {
    return `${this.idPrefix}${(++this.lastId).toString(36).padStart(6, '0')}`;
  }

  /**
   * Returns the observer of a call that is to run in the async context of an operation; undefined if it does so anyway.
   * The context ends with the call: one that is entered for good would stay on a connection that several requests share.
   *
   * @param operation undefined for none
   */
  scopeOf(operation: Operation | undefined): ContextScope | undefined {
    return this.current === operation ? undefined : new ContextScope(this.storage, operation?.context);
  }

  /** Runs work in the async context of an operation; undefined for none. */
  run<R>(operation: Operation | undefined, work: () => R): R {
    if (operation === undefined) return this.leave(work);
    const { context } = operation;
    return this.storage.getStore() === context ? work() : this.storage.run(context, work);
  }

  /** Makes an operation that of the rest of an async function, none of whose calls can be run in its context. */
  enter(operation: Operation): void {
    this.storage.enterWith(operation.context);
  }

  capture(): OperationScope {
    const { current } = this;
    return current === undefined ? this.none : { run: (work) => this.run(current, work) };
  }

  leave<R>(work: () => R): R {
    return this.current === undefined ? work() : this.storage.run(undefined, work);
  }

  /** Notes an exception that Nest handles in the current operation. @param handler the handler, as `Class.method` */
  handled(exception: unknown, handler: string): void {
    const { current } = this;
    if (current === undefined) return;
    current.exception = exception;
    current.handler ??= handler;
  }

  /** Gives an operation up, which is not to be recorded. */
  discard(operation: Operation | undefined): void {
    if (operation === undefined) return;
    this.end(operation, operation.startedAt);
    operation.release();
  }

  /** Ends an operation, at the given time on the monotonic clock. */
  end(operation: Operation, now: number): void {
    if (!operation.isOpen) return;
    operation.parts.advance(now, this.eventLoop.blockedSince(now));
    if (operation.phase !== undefined) operation.enterPhase(undefined, now);
    operation.isOpen = false;
    this.open.delete(operation);
    this.eventLoop.forget(operation);
    if (this.isIdle) this.scheduleDisable();
  }

  begin(part: WaitPart, call?: WaitedCall): CountableWait | undefined {
    try {
      const operation = this.current;
      if (operation === undefined) return undefined;
      const now = this.clock.monotonic();
      const blockedSince = this.eventLoop.blockedSince(now);
      if (blockedSince !== undefined) this.eventLoop.recordUnseen(operation, now, blockedSince);
      operation.parts.begin(part, now, blockedSince);
      this.eventLoop.runs(operation, now);
      const tally = call && this.tally(operation, call, now);
      const place = part === 'remote' ? this.placeOf(operation, tally, now) : tally;
      return new StartedWait(this, operation, part, now, call, tally, place);
    } catch (error) {
      this.guard.report(error);
      return undefined;
    }
  }

  add(call: WaitedCall, milliseconds: number): void {
    this.guard.run(() => {
      const operation = this.current;
      if (operation === undefined) return;
      const now = this.clock.monotonic();
      operation.count(call, this.tally(operation, call, now), now - milliseconds, milliseconds, false);
    });
  }

  askFor(call: WaitedCall, made?: unknown): AskedScope | undefined {
    return this.guard.run(() => {
      const operation = this.current;
      const asked = operation?.asked(call);
      if (
        operation === undefined ||
        asked === undefined ||
        this.storage.getStore()?.place?.site !== undefined
      ) {
        return undefined;
      }
      this.places.find(operation, call, ++asked.times, asked, this.clock.monotonic(), made);
      const context = { operation, place: asked };
      const scope: OperationScope = { run: (work) => this.storage.run(context, work) };
      return asked.isMissing
        ? { ...scope, answered: () => this.guard.run(() => this.places.findAsked(operation, call, asked)) }
        : scope;
    });
  }

  /** Counts the beginning of a call. @returns its tally; undefined beyond the limit */
  private tally(operation: Operation, call: WaitedCall, now: number): CallTally | undefined {
    const tally = operation.tally(call);
    if (tally === undefined) return undefined;
    const begun = ++tally.begun;
    const asked = this.storage.getStore()?.place?.site;
    if (asked === undefined) this.places.find(operation, call, begun, tally, now);
    else if (this.isPlaceOf(begun)) tally.site = asked;
    return tally;
  }

  /**
   * Returns the place of a call that is not known by its name before its end, such as a request by its status: it may be
   * another one than that of the first such call.
   */
  private placeOf(operation: Operation, tally: CallTally | undefined, now: number): CallPlace | undefined {
    const asked = this.storage.getStore()?.place;
    if (tally === undefined || asked?.site !== undefined) return asked;
    return this.places.ofEach(operation, tally.call, tally.begun, now);
  }

  /** Returns true if the place of equal calls is that of the one with this number. */
  isPlaceOf(begun: number): boolean {
    return begun === 1 || begun === this.options.repeatedCalls;
  }

  /** Returns the current time, in milliseconds on the monotonic clock. */
  now(): number {
    return this.clock.monotonic();
  }

  endWait(operation: Operation, part: WaitPart): number {
    const now = this.clock.monotonic();
    operation.parts.end(part, now, this.eventLoop.blockedSince(now));
    this.eventLoop.runs(operation, now);
    return now;
  }

  /** Runs the work of an operation in its async context. Until it first awaits something, its own code runs. */
  runOwnCode<R>(operation: Operation, work: () => R): R {
    this.step(operation, undefined, true);
    try {
      return this.run(operation, work);
    } finally {
      this.step(operation, undefined, false);
    }
  }

  /** Runs the work of an operation that is not recorded, which the others wait for until it first awaits something. */
  runUnsampled<R>(identity: OperationIdentity, work: () => R): R {
    if (this.isIdle) return work();
    const since = this.clock.monotonic();
    try {
      return work();
    } finally {
      this.eventLoop.recordUnsampled(identity, since, this.clock.monotonic());
    }
  }

  /**
   * Records that an operation enters a phase, or that its own code begins or ends.
   *
   * @param phase undefined for the same step
   * @param runs true if its own code runs from now on until it first awaits something
   */
  step(operation: Operation, phase: RequestPhase | undefined, runs: boolean): void {
    if (!operation.isOpen) return;
    const now = this.clock.monotonic();
    const { eventLoop } = this;
    const blockedSince = eventLoop.blockedSince(now);
    const { parts } = operation;
    if (parts.isInOwnCode) {
      if (!runs) eventLoop.record(operation, operation.runningSince, now);
    } else {
      if (blockedSince !== undefined) eventLoop.recordUnseen(operation, now, blockedSince);
      if (runs) operation.runningSince = now;
    }
    parts.ownCode(runs, now, blockedSince);
    if (phase !== undefined && phase !== operation.phase) {
      operation.enterPhase(phase, now);
      if (phase === 'response') parts.answered(now, blockedSince);
    }
    eventLoop.runs(operation, now);
  }

  /** Returns the time of each part of an operation up to now, and in total, in milliseconds; none once it has ended. */
  timesOf({ parts, startedAt, isOpen }: Operation): Readonly<Record<string, number>> {
    if (!isOpen) return {};
    const now = this.clock.monotonic();
    parts.advance(now, this.eventLoop.blockedSince(now));
    return { ...parts.toObject(), total: now - startedAt };
  }

  /** Stops the timer, and abandons the operations in progress. */
  stop(): void {
    this.eventLoop.stop();
    for (const operation of this.open) operation.isOpen = false;
    this.open.clear();
    this.storage.disable();
  }

  private discardOldest(): void {
    const [oldest] = this.open;
    this.discard(oldest);
  }

  /** Disables the async context once nothing is recorded: before Node.js 24, one in use makes every promise slower. */
  private scheduleDisable(): void {
    if (!IS_CONTEXT_EXPENSIVE || this.isDisableScheduled) return;
    this.isDisableScheduled = true;
    unref(
      setImmediate(() => {
        this.isDisableScheduled = false;
        if (this.isIdle) this.storage.disable();
      }),
    );
  }
}
