import type { WaitedCall } from '../../integrations/operation-waits.js';
import { type OperationIdentity, titleOf } from './operation-identity.js';
import type { CallSite } from './call-sites.js';
import {
  type OperationKind,
  type RecordedBlocker,
  REQUEST_PHASES,
  type RequestPhase,
} from './request-record.js';
import { TimeParts } from './time-parts.js';

/** Number of distinct calls of one operation that are kept. */
const MAX_CALLS = 100;

/** The time of a step that was not entered. It is no integer, so that V8 stores the times as numbers from the start. */
const ABSENT = -0.5;
const PHASE_INDEX = Object.fromEntries(REQUEST_PHASES.map((phase, i) => [phase, i])) as Readonly<
  Record<RequestPhase, number>
>;

/** The place in the application that makes equal calls of one operation. */
export interface CallPlace {
  site: CallSite | undefined;
  /**
   * True if no call site was found when the call began, since its `async` caller was not awaited yet. It is looked for again
   * when the call ends.
   */
  isMissing: boolean;
}

/** Equal calls of one operation. */
export interface CallTally extends CallPlace {
  readonly call: WaitedCall;
  begun: number;
  count: number;
  /** Number of those that were counted as another call, which became known later. */
  renamed: number;
  totalMs: number;
  maxMs: number;
  errors: number;
  /** Start of the first and end of the last of them, in milliseconds on the monotonic clock. */
  firstAt: number;
  lastAt: number;
}

/** The operation that an async context belongs to. */
export interface OperationContext {
  readonly operation: Operation;
  /** Place that created a lazy call of this context; undefined if the stack trace of the call itself shows it. */
  readonly place: CallPlace | undefined;
}

const NO_CALLS: ReadonlyMap<WaitedCall, CallTally> = new Map();

/** A call that the application asked for, and that begins later. */
interface AskedCall extends CallPlace {
  times: number;
}

/** A recorded operation that runs. */
export class Operation {
  readonly parts: TimeParts;
  readonly context: OperationContext = { operation: this, place: undefined };
  /**
   * The response, or the reply of Fastify, as Nest passes it to guards and handlers; undefined for an operation without one,
   * and while an application that is mounted in this one responds.
   */
  carrier: object | undefined;
  /** `Class.method` of the handler, once it is known. */
  handler: string | undefined;
  traceId: string | undefined;
  /** The step that runs; undefined for an operation without steps, and before its first one. */
  phase: RequestPhase | undefined;
  /** Longest time for which its own code ran without awaiting anything, in milliseconds. */
  longestRunMs = 0;
  /** CPU time that the process used meanwhile, at most, in milliseconds. */
  longestRunCpuMs = 0;
  /** The other operation that kept it waiting for the event loop longest. */
  blockedBy: RecordedBlocker | undefined;
  omittedCalls = 0;
  /** Number of statements that have ended, also of those beyond the limit of distinct ones. */
  statements = 0;
  /** The operation that it carries, such as that of GraphQL in an HTTP request. */
  part: OperationIdentity | undefined;
  /** True if it has failed although its response may not show it. */
  hasFailed = false;
  /** The last exception that was handled in it. */
  exception: unknown;
  /** Time since which its own code has run without awaiting anything, on the monotonic clock. */
  runningSince = 0;
  /** Number of arguments of its handler that pipes are preparing. */
  openPipes = 0;
  isOpen = true;

  private tallies: Map<WaitedCall, CallTally> | undefined;
  private askedCalls: Map<WaitedCall, AskedCall> | undefined;
  /** Time by step in milliseconds, in the order of {@link REQUEST_PHASES}; absent for a step that was not entered. */
  private readonly phaseTimes = [ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT];
  private phaseSince: number;

  /**
   * @param startedAt in milliseconds on the monotonic clock
   * @param startTime in milliseconds since the Unix epoch
   * @param identity undefined for a request, whose route is known at its end
   */
  constructor(
    readonly id: string,
    readonly kind: OperationKind,
    readonly startedAt: number,
    readonly startTime: number,
    private readonly identity?: OperationIdentity,
  ) {
    this.parts = new TimeParts(startedAt);
    this.phaseSince = startedAt;
  }

  /** Its name among other operations; undefined for a request that has not come to its handler. */
  get title(): string | undefined {
    return this.identity === undefined ? this.handler : titleOf(this.identity);
  }

  /** The calls that it has made. */
  get calls(): ReadonlyMap<WaitedCall, CallTally> {
    return this.tallies ?? NO_CALLS;
  }

  /** Time by step, in milliseconds. */
  get phases(): Readonly<Partial<Record<RequestPhase, number>>> {
    return Object.fromEntries(
      REQUEST_PHASES.flatMap((phase, i) => {
        const milliseconds = this.phaseTimes[i] ?? ABSENT;
        return milliseconds === ABSENT ? [] : [[phase, milliseconds]];
      }),
    );
  }

  /** Returns true if it has an N+1. @param times number of equal calls from which on they are repeated */
  repeats(times: number): boolean {
    for (const tally of this.calls.values()) if (isRepeated(tally, times)) return true;
    return false;
  }

  /** Returns the tally of a call; undefined beyond the limit. */
  tally(call: WaitedCall): CallTally | undefined {
    const tallies = (this.tallies ??= new Map());
    let tally = tallies.get(call);
    if (tally === undefined) {
      if (tallies.size >= MAX_CALLS) {
        this.omittedCalls++;
        return undefined;
      }
      tally = {
        call,
        begun: 0,
        count: 0,
        renamed: 0,
        totalMs: 0,
        maxMs: 0,
        errors: 0,
        firstAt: Infinity,
        lastAt: -Infinity,
        site: undefined,
        isMissing: false,
      };
      tallies.set(call, tally);
    }
    return tally;
  }

  /** Returns how often a call was asked for; undefined beyond the limit. */
  asked(call: WaitedCall): AskedCall | undefined {
    const askedCalls = (this.askedCalls ??= new Map());
    let asked = askedCalls.get(call);
    if (asked === undefined && askedCalls.size < MAX_CALLS) {
      askedCalls.set(call, (asked = { times: 0, site: undefined, isMissing: false }));
    }
    return asked;
  }

  /**
   * Counts a call that has ended.
   *
   * @param tally its tally; undefined beyond the limit
   * @param startedAt in milliseconds on the monotonic clock
   */
  count(
    { part }: WaitedCall,
    tally: CallTally | undefined,
    startedAt: number,
    milliseconds: number,
    hasFailed: boolean,
  ): void {
    if (part === 'database') this.statements++;
    if (tally === undefined) return;
    tally.count++;
    if (startedAt < tally.firstAt) tally.firstAt = startedAt;
    if (startedAt + milliseconds > tally.lastAt) tally.lastAt = startedAt + milliseconds;
    tally.totalMs += milliseconds;
    if (milliseconds > tally.maxMs) tally.maxMs = milliseconds;
    if (hasFailed) tally.errors++;
  }

  /**
   * Adds the rest of the time of a call that has been counted.
   *
   * @param startedAt in milliseconds on the monotonic clock
   * @param from time that has been counted, in milliseconds
   * @param to time of the call up to its end, in milliseconds
   */
  lengthen(
    tally: CallTally | undefined,
    startedAt: number,
    from: number,
    to: number,
    hasFailed: boolean,
  ): void {
    if (tally === undefined) return;
    if (startedAt + to > tally.lastAt) tally.lastAt = startedAt + to;
    tally.totalMs += to - from;
    if (to > tally.maxMs) tally.maxMs = to;
    if (hasFailed) tally.errors++;
  }

  /** Ends the step that runs, at the given time on the monotonic clock. The time before the first step is `middleware`. */
  enterPhase(phase: RequestPhase | undefined, now: number): void {
    const ended = PHASE_INDEX[this.phase ?? 'middleware'];
    const { phaseTimes } = this;
    phaseTimes[ended] = Math.max(phaseTimes[ended]!, 0) + (now - this.phaseSince);
    this.phase = phase;
    this.phaseSince = now;
  }

  /** Notes that another operation has kept it waiting for the event loop. */
  wasBlocked(name: string, milliseconds: number, cpuMs: number): void {
    if (milliseconds <= (this.blockedBy?.milliseconds ?? 0)) return;
    this.blockedBy = { name, milliseconds, cpuMs: Math.min(cpuMs, milliseconds) };
  }

  /** Forgets what it has measured: an async context may keep an operation that has ended for as long as a connection. */
  release(): void {
    this.tallies = undefined;
    this.askedCalls = undefined;
    this.exception = undefined;
    this.carrier = undefined;
  }
}

/**
 * Returns true if equal calls are an N+1. Those that have not ended do not count, as in the number that the record has.
 *
 * @param times number of calls from which on they are repeated
 */
export function isRepeated({ call, count }: CallTally, times: number): boolean {
  return count >= times && call.isAuxiliary !== true;
}
