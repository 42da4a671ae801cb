import type { WaitedCall } from '../../integrations/operation-waits.js';
import type { OperationIdentity } from './operation-identity.js';
import type { CallSite } from './call-sites.js';
import type { OperationKind, RequestPhase } from './request-record.js';
import { TimeParts } from './time-parts.js';

/** Number of distinct calls of one operation that are kept. */
const MAX_CALLS = 100;

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
  readonly calls = new Map<WaitedCall, CallTally>();
  readonly phases: Partial<Record<RequestPhase, number>> = {};
  /** `Class.method` of the handler, once it is known. */
  handler: string | undefined;
  traceId: string | undefined;
  /** Longest time for which its own code ran without awaiting anything, in milliseconds. */
  longestRunMs = 0;
  omittedCalls = 0;
  /** The operation that it carries, such as that of GraphQL in an HTTP request. */
  part: OperationIdentity | undefined;
  /** True if it has failed although its response may not show it. */
  hasFailed = false;
  /** The last exception that was handled in it. */
  exception: unknown;
  isOpen = true;

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

  /** Returns the tally of a call; undefined beyond the limit. */
  tally(call: WaitedCall): CallTally | undefined {
    let tally = this.calls.get(call);
    if (tally === undefined) {
      if (this.calls.size >= MAX_CALLS) {
        this.omittedCalls++;
        return undefined;
      }
      tally = { call, begun: 0, count: 0, totalMs: 0, maxMs: 0, errors: 0, site: undefined };
      this.calls.set(call, tally);
    }
    return tally;
  }
}
