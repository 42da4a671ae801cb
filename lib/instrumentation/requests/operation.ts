import type { WaitedCall } from '../../integrations/operation-waits.js';
import type { OperationIdentity } from './operation-identity.js';
import type { CallSite } from './call-sites.js';
import type { OperationKind, RequestPhase } from './request-record.js';
import { TimeParts } from './time-parts.js';

/** Number of distinct calls of one operation that are kept. */
const MAX_CALLS = 100;

/** The place in the application that makes equal calls of one operation. */
export interface CallPlace {
  site: CallSite | undefined;
  /** True if it was looked for in vain when a call began: an `async` function may not be awaited yet then. */
  isMissing: boolean;
}

/** Equal calls of one operation. */
export interface CallTally extends CallPlace {
  readonly call: WaitedCall;
  begun: number;
  count: number;
  totalMs: number;
  maxMs: number;
  errors: number;
}

/** The operation that an async context belongs to. */
export interface OperationContext {
  readonly operation: Operation;
  /** The place in the application that asked for the calls of this context; undefined if their stack traces lead to it. */
  readonly place: CallPlace | undefined;
}

/** A call that the application asked for, and that begins later. */
interface AskedCall extends CallPlace {
  times: number;
}

/** A recorded operation that runs. */
export class Operation {
  readonly parts: TimeParts;
  readonly calls = new Map<WaitedCall, CallTally>();
  readonly context: OperationContext = { operation: this, place: undefined };
  readonly phases: Partial<Record<RequestPhase, number>> = {};
  /** `Class.method` of the handler, once it is known. */
  handler: string | undefined;
  traceId: string | undefined;
  /** Longest time for which its own code ran without awaiting anything, in milliseconds. */
  longestRunMs = 0;
  omittedCalls = 0;
  /** Number of statements that have ended, also of those beyond the limit of distinct ones. */
  statements = 0;
  /** The operation that it carries, such as that of GraphQL in an HTTP request. */
  part: OperationIdentity | undefined;
  /** True if it has failed although its response may not show it. */
  hasFailed = false;
  /** The last exception that was handled in it. */
  exception: unknown;
  isOpen = true;
  private readonly askedCalls = new Map<WaitedCall, AskedCall>();

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
  }

  /** Returns true if it has made equal calls this many times. */
  repeats(times: number): boolean {
    for (const { begun } of this.calls.values()) if (begun >= times) return true;
    return false;
  }

  /** Returns the tally of a call; undefined beyond the limit. */
  tally(call: WaitedCall): CallTally | undefined {
    let tally = this.calls.get(call);
    if (tally === undefined) {
      if (this.calls.size >= MAX_CALLS) {
        this.omittedCalls++;
        return undefined;
      }
      tally = {
        call,
        begun: 0,
        count: 0,
        totalMs: 0,
        maxMs: 0,
        errors: 0,
        site: undefined,
        isMissing: false,
      };
      this.calls.set(call, tally);
    }
    return tally;
  }

  /** Returns how often a call was asked for; undefined beyond the limit. */
  asked(call: WaitedCall): AskedCall | undefined {
    let asked = this.askedCalls.get(call);
    if (asked === undefined && this.askedCalls.size < MAX_CALLS) {
      this.askedCalls.set(call, (asked = { times: 0, site: undefined, isMissing: false }));
    }
    return asked;
  }

  /** Counts a call that has ended. @param tally its tally; undefined beyond the limit */
  count({ part }: WaitedCall, tally: CallTally | undefined, milliseconds: number, hasFailed: boolean): void {
    if (part === 'database') this.statements++;
    if (tally === undefined) return;
    tally.count++;
    tally.totalMs += milliseconds;
    if (milliseconds > tally.maxMs) tally.maxMs = milliseconds;
    if (hasFailed) tally.errors++;
  }
}
