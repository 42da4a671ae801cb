import type { WaitedCall } from '../../integrations/operation-waits.js';
import type { CallSite } from './call-sites.js';
import type { OperationKind, RequestPhase } from './request-record.js';
import { TimeParts } from './time-parts.js';

/** Number of distinct calls of one operation that are kept. */
const MAX_CALLS = 100;

const NO_CALLS: ReadonlyMap<WaitedCall, CallTally> = new Map();

/** Equal calls of one operation. */
export interface CallTally {
  readonly call: WaitedCall;
  begun: number;
  count: number;
  totalMs: number;
  maxMs: number;
  errors: number;
  site: CallSite | undefined;
}

/** A recorded operation that runs. */
export class Operation {
  readonly parts: TimeParts;
  /** `Class.method` of the handler, once it is known. */
  handler: string | undefined;
  traceId: string | undefined;
  /** The step that runs; undefined for an operation without steps, and before its first one. */
  phase: RequestPhase | undefined;
  /** Longest time for which its own code ran without awaiting anything, in milliseconds. */
  longestRunMs = 0;
  omittedCalls = 0;
  /** Time since which its own code has run without awaiting anything, on the monotonic clock. */
  runningSince = 0;
  isOpen = true;

  private tallies: Map<WaitedCall, CallTally> | undefined;
  private phaseTimes: Partial<Record<RequestPhase, number>> | undefined;
  private phaseSince: number;

  /**
   * @param startedAt in milliseconds on the monotonic clock
   * @param startTime in milliseconds since the Unix epoch
   */
  constructor(
    readonly id: string,
    readonly kind: OperationKind,
    readonly startedAt: number,
    readonly startTime: number,
  ) {
    this.parts = new TimeParts(startedAt);
    this.phaseSince = startedAt;
  }

  /** The calls that it has made. */
  get calls(): ReadonlyMap<WaitedCall, CallTally> {
    return this.tallies ?? NO_CALLS;
  }

  /** Time by step, in milliseconds. */
  get phases(): Readonly<Partial<Record<RequestPhase, number>>> {
    return this.phaseTimes ?? {};
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
      tally = { call, begun: 0, count: 0, totalMs: 0, maxMs: 0, errors: 0, site: undefined };
      tallies.set(call, tally);
    }
    return tally;
  }

  /** Ends the step that runs, at the given time on the monotonic clock. The time before the first step is `middleware`. */
  enterPhase(phase: RequestPhase | undefined, now: number): void {
    const ended = this.phase ?? 'middleware';
    const times = (this.phaseTimes ??= {});
    times[ended] = (times[ended] ?? 0) + (now - this.phaseSince);
    this.phase = phase;
    this.phaseSince = now;
  }

  /** Forgets what it has measured: an async context may keep an operation that has ended for as long as a connection. */
  release(): void {
    this.tallies = undefined;
    this.phaseTimes = undefined;
  }
}
