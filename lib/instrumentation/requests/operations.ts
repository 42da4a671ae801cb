import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type {
  OperationWait,
  OperationWaits,
  WaitedCall,
  WaitPart,
} from '../../integrations/operation-waits.js';
import type { Clock } from '../../metrics/clock.js';
import type { Guard } from '../../primitives/guard.js';
import { type CallSite, CallSites } from './call-sites.js';
import { EventLoopBeat } from './event-loop-beat.js';
import { type CallTally, Operation } from './operation.js';
import type { OperationKind } from './request-record.js';

/** Time after which the place of a call is looked up again, in milliseconds: a stack trace costs more than a statement. */
const SITE_AGE_MS = 10_000;
/** Number of places that are remembered by handler and call. */
const MAX_REMEMBERED_SITES = 2_000;

/** Upper limit for open operations. An Observable that no one subscribes to never ends. */
const MAX_OPEN = 10_000;

/** The options of {@link Operations}. */
export interface OperationsOptions {
  /** Share of operations that are recorded, from 0 to 1. */
  readonly sampleRate: number;
  /** Number of equal calls within one operation from which on they are repeated. */
  readonly repeatedCalls: number;
}

/** The operations of the application that run: which one an async context belongs to, and what each of them waits for. */
export class Operations implements OperationWaits {
  readonly sites = new CallSites();

  private readonly storage = new AsyncLocalStorage<Operation | undefined>();
  private readonly open = new Set<Operation>();
  private readonly beat: EventLoopBeat;
  private readonly idPrefix = randomBytes(6).toString('hex');
  private lastId = 0;
  private remembered = new Map<string, Map<WaitedCall, { site: CallSite | undefined; at: number }>>();
  private remembers = 0;
  private isDisableScheduled = false;

  constructor(
    private readonly clock: Clock,
    private readonly options: OperationsOptions,
    private readonly guard: Guard,
  ) {
    this.beat = new EventLoopBeat(
      clock,
      (now) => this.advanceAll(now),
      () => this.open.size > 0,
    );
  }

  /** The recorded operation of the current async context; undefined if there is none, or it has ended. */
  get current(): Operation | undefined {
    if (this.open.size === 0) return undefined;
    const operation = this.storage.getStore();
    return operation?.isOpen === true ? operation : undefined;
  }

  /** The operations that run. */
  get running(): Iterable<Operation> {
    return this.open;
  }

  /** Starts an operation; undefined if it is not sampled. The caller must end it. */
  start(kind: OperationKind, startedAt: number): Operation | undefined {
    const { sampleRate } = this.options;
    if (sampleRate < 1 && Math.random() >= sampleRate) return undefined;
    const operation = new Operation(this.nextId(), kind, startedAt, this.clock.now());
    if (this.open.size >= MAX_OPEN) this.discardOldest();
    this.open.add(operation);
    this.beat.start();
    return operation;
  }

  /** Returns the ID for a new record. */
  nextId(): string {
    return `${this.idPrefix}${(++this.lastId).toString(36).padStart(6, '0')}`;
  }

  /** Makes an operation that of the rest of the current async context; undefined for none. */
  enter(operation: Operation | undefined): void {
    // An async context that has ended needs no replacement, and one that was never used costs nothing.
    if (operation !== undefined || this.current !== undefined) this.storage.enterWith(operation);
  }

  /** Runs work in the async context of an operation. */
  run<R>(operation: Operation, work: () => R): R {
    return this.storage.getStore() === operation ? work() : this.storage.run(operation, work);
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
    if (operation !== undefined) this.end(operation, operation.startedAt);
  }

  /** Ends an operation, at the given time on the monotonic clock. */
  end(operation: Operation, now: number): void {
    if (!operation.isOpen) return;
    operation.parts.advance(now, this.beat.blockedSince(now));
    operation.isOpen = false;
    this.open.delete(operation);
    if (this.open.size === 0) this.scheduleDisable();
  }

  begin(part: WaitPart, call?: WaitedCall): OperationWait | undefined {
    try {
      const operation = this.current;
      if (operation === undefined) return undefined;
      const now = this.clock.monotonic();
      operation.parts.begin(part, now, this.beat.blockedSince(now));
      const tally = call && operation.tally(call);
      if (tally !== undefined) this.findSite(operation, tally, now);
      return new Wait(this, operation, part, now, call);
    } catch (error) {
      this.guard.report(error);
      return undefined;
    }
  }

  /** @internal Ends a wait. */
  endWait(
    { parts, isOpen }: Operation,
    part: WaitPart,
    startedAt: number,
    tally: CallTally | undefined,
    hasFailed: boolean,
  ): void {
    if (!isOpen) return;
    const now = this.clock.monotonic();
    parts.end(part, now, this.beat.blockedSince(now));
    if (tally === undefined) return;
    const milliseconds = now - startedAt;
    tally.count++;
    tally.totalMs += milliseconds;
    if (milliseconds > tally.maxMs) tally.maxMs = milliseconds;
    if (hasFailed) tally.errors++;
  }

  /** Says that the own code of an operation starts or ends to run without awaiting anything. */
  ownCode(operation: Operation, runs: boolean): void {
    operation.parts.ownCode(runs, this.clock.monotonic());
  }

  /** Stops the timer, and gives up what runs. */
  stop(): void {
    this.beat.stop();
    for (const operation of this.open) operation.isOpen = false;
    this.open.clear();
    this.storage.disable();
  }

  /**
   * Finds the place in the application that makes a call: at its first call, and at the call from which on it counts as
   * repeated, which is made where the loop is.
   */
  private findSite(operation: Operation, tally: CallTally, now: number): void {
    const begun = ++tally.begun;
    if (begun === this.options.repeatedCalls) tally.site = this.sites.current() ?? tally.site;
    if (begun > 1) return;
    const { handler = '' } = operation;
    let sites = this.remembered.get(handler);
    if (sites === undefined) this.remembered.set(handler, (sites = new Map()));
    let found = sites.get(tally.call);
    if (found === undefined || now - found.at > SITE_AGE_MS) {
      found = { site: this.sites.current(), at: now };
      if (!sites.has(tally.call) && ++this.remembers > MAX_REMEMBERED_SITES) this.forgetSites();
      else sites.set(tally.call, found);
    }
    tally.site = found.site;
  }

  private discardOldest(): void {
    const [oldest] = this.open;
    this.discard(oldest);
  }

  private forgetSites(): void {
    this.remembered = new Map();
    this.remembers = 0;
  }

  private advanceAll(now: number): void {
    const blockedSince = this.beat.blockedSince(now);
    for (const { parts } of this.open) parts.advance(now, blockedSince);
  }

  /** Disables the async context once nothing is recorded: before Node.js 24, one in use makes every promise slower. */
  private scheduleDisable(): void {
    if (this.isDisableScheduled) return;
    this.isDisableScheduled = true;
    setImmediate(() => {
      this.isDisableScheduled = false;
      if (this.open.size === 0) this.storage.disable();
    }).unref();
  }
}

/** One wait of one operation. */
class Wait implements OperationWait {
  private hasEnded = false;

  constructor(
    private readonly operations: Operations,
    private readonly operation: Operation,
    private readonly part: WaitPart,
    private readonly startedAt: number,
    private readonly begun: WaitedCall | undefined,
  ) {}

  end(call: WaitedCall | undefined, hasFailed: boolean): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const known = call ?? this.begun;
    const tally = known && this.operation.isOpen ? this.operation.tally(known) : undefined;
    if (tally !== undefined && known !== this.begun) {
      // The name has become known at the end; the place is that of the beginning.
      tally.begun++;
      tally.site = (this.begun && this.operation.calls.get(this.begun)?.site) ?? tally.site;
    }
    this.operations.endWait(this.operation, this.part, this.startedAt, tally, hasFailed);
  }
}
