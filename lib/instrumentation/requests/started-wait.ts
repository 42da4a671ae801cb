import type { CountableWait, WaitedCall, WaitPart } from '../../integrations/operation-waits.js';
import type { CallPlaces } from './call-places.js';
import type { CallPlace, CallTally, Operation } from './operation.js';

/** The operations whose waits end. */
export interface WaitingOperations {
  readonly places: CallPlaces;
  /** Returns true if the place of equal calls is that of the one with this number. */
  isPlaceOf(begun: number): boolean;
  /** Returns the current time, in milliseconds on the monotonic clock. */
  now(): number;
  /** Ends a wait. @returns the current time, in milliseconds on the monotonic clock */
  endWait(operation: Operation, part: WaitPart): number;
}

/** A wait of one operation. */
export class StartedWait implements CountableWait {
  private hasEnded = false;
  /** Time up to which the call has been counted, in milliseconds; undefined if it has not been. */
  private countedMs: number | undefined;
  private hasFailed = false;

  constructor(
    private readonly operations: WaitingOperations,
    private readonly operation: Operation,
    private readonly part: WaitPart,
    private readonly startedAt: number,
    private readonly begun: WaitedCall | undefined,
    private tally: CallTally | undefined,
    private readonly place: CallPlace | undefined,
  ) {}

  count(call: WaitedCall, hasFailed: boolean): void {
    const { operations, operation } = this;
    if (this.hasEnded || this.countedMs !== undefined || !operation.isOpen) return;
    this.countedMs = operations.now() - this.startedAt;
    this.hasFailed = hasFailed;
    this.countAs(call, this.countedMs, hasFailed);
  }

  end(call: WaitedCall | undefined, hasFailed: boolean): void {
    const { operations, operation, part, countedMs } = this;
    if (this.hasEnded || !operation.isOpen) return;
    this.hasEnded = true;
    const milliseconds = operations.endWait(operation, part) - this.startedAt;
    if (countedMs === undefined) this.countAs(call, milliseconds, hasFailed);
    else
      operation.lengthen(this.tally, this.startedAt, countedMs, milliseconds, hasFailed && !this.hasFailed);
  }

  private countAs(call: WaitedCall | undefined, milliseconds: number, hasFailed: boolean): void {
    const { operations, operation, begun, tally, place, startedAt } = this;
    if (tally?.isMissing === true) operations.places.findMissing(operation, tally);
    if (call === undefined || call === begun) {
      if (begun !== undefined) operation.count(begun, tally, startedAt, milliseconds, hasFailed);
      return;
    }
    if (tally !== undefined) tally.renamed++;
    // It has become known at its end, or otherwise than at its beginning, where its place was.
    const known = operation.tally(call);
    if (known !== undefined) {
      const isItsPlace = operations.isPlaceOf(++known.begun);
      if (isItsPlace || known.site === undefined) known.site = place?.site ?? known.site;
    }
    this.tally = known;
    operation.count(call, known, startedAt, milliseconds, hasFailed);
  }
}
