import type { OperationWait, WaitedCall, WaitPart } from '../../integrations/operation-waits.js';
import type { CallPlaces } from './call-places.js';
import type { CallTally, Operation } from './operation.js';

/** The operations whose waits end. */
export interface WaitingOperations {
  readonly places: CallPlaces;
  /** Ends a wait. @returns the current time, in milliseconds on the monotonic clock */
  endWait(operation: Operation, part: WaitPart): number;
}

/** A wait of one operation. */
export class StartedWait implements OperationWait {
  private hasEnded = false;

  constructor(
    private readonly operations: WaitingOperations,
    private readonly operation: Operation,
    private readonly part: WaitPart,
    private readonly startedAt: number,
    private readonly begun: WaitedCall | undefined,
    private readonly tally: CallTally | undefined,
  ) {}

  end(call: WaitedCall | undefined, hasFailed: boolean): void {
    const { operations, operation, part, begun, tally } = this;
    if (this.hasEnded || !operation.isOpen) return;
    this.hasEnded = true;
    const milliseconds = operations.endWait(operation, part) - this.startedAt;
    if (tally?.isMissing === true) operations.places.findMissing(operation, tally);
    if (call === undefined || call === begun) {
      if (begun !== undefined) operation.count(begun, tally, milliseconds, hasFailed);
      return;
    }
    // It has become known at its end, or otherwise than at its beginning, where its place was.
    const known = operation.tally(call);
    if (known !== undefined) {
      known.begun++;
      known.site ??= tally?.site;
    }
    operation.count(call, known, milliseconds, hasFailed);
  }
}
