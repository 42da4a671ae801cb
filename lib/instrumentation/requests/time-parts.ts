import { WAIT_PARTS, type WaitPart } from '../../integrations/operation-waits.js';

/**
 * The parts of the time of an operation: the waits, the event loop, which was blocked by something else while an answer may
 * have been there, and the application's own code as the rest. Together they are the whole duration.
 */
export const TIME_PARTS = [...WAIT_PARTS, 'event_loop', 'application'] as const;
/** A part of the time of an operation. */
export type TimePart = WaitPart | 'event_loop' | 'application';

/** The positions of the waits in {@link TIME_PARTS}. */
const WAIT_INDEX = Object.fromEntries(WAIT_PARTS.map((part, i) => [part, i])) as Readonly<
  Record<WaitPart, number>
>;
const WAITS = WAIT_PARTS.length;
const EVENT_LOOP = WAITS;
const APPLICATION = WAITS + 1;

/**
 * The time of one operation, divided among {@link TIME_PARTS}. Waits of the same part that overlap count once; waits of
 * different parts that overlap share the time equally.
 */
export class TimeParts {
  private readonly spent = [0, 0, 0, 0, 0, 0];
  private readonly open = [0, 0, 0, 0];
  private openParts = 0;
  private runsOwnCode = false;
  private isAnswered = false;

  /** @param at start of the operation, in milliseconds on the monotonic clock */
  constructor(private lastAt: number) {}

  /** True if the operation waits for something that is measured. */
  get isWaiting(): boolean {
    return this.openParts > 0;
  }

  /** True while the code of the operation itself runs without awaiting anything, as far as that is known. */
  get isInOwnCode(): boolean {
    return this.runsOwnCode;
  }

  /** Begins a wait. */
  begin(part: WaitPart, now: number, blockedSince: number | undefined): void {
    this.advance(now, blockedSince);
    const index = WAIT_INDEX[part];
    if (this.open[index]!++ === 0) this.openParts++;
  }

  /** Ends a wait that has begun. */
  end(part: WaitPart, now: number, blockedSince: number | undefined): void {
    this.advance(now, blockedSince);
    const index = WAIT_INDEX[part];
    if (--this.open[index]! === 0) this.openParts--;
  }

  /** Records that the code of the operation itself runs, or no longer runs, until it first awaits something. */
  ownCode(runs: boolean, now: number, blockedSince: number | undefined): void {
    this.advance(now, blockedSince);
    this.runsOwnCode = runs;
  }

  /** Records that the application has answered: from now on, its own code has nothing to do with the operation. */
  answered(now: number, blockedSince: number | undefined): void {
    this.advance(now, blockedSince);
    this.isAnswered = true;
  }

  /**
   * Records that the code of another operation has blocked the event loop up to `now`.
   *
   * @returns the time for which it kept this operation waiting, in milliseconds
   */
  blocked(since: number, now: number): number {
    if (this.runsOwnCode) return 0;
    this.advance(since, undefined);
    const milliseconds = Math.max(now - this.lastAt, 0);
    this.spent[EVENT_LOOP]! += milliseconds;
    this.lastAt += milliseconds;
    return milliseconds;
  }

  /**
   * Adds the time since the last call to the parts that are open.
   *
   * @param blockedSince since when the event loop has been blocked; undefined if it is not
   */
  advance(now: number, blockedSince: number | undefined): void {
    const { lastAt: at } = this;
    if (now <= at) return;
    this.lastAt = now;
    if (this.runsOwnCode || (this.openParts === 0 && !this.isAnswered)) {
      this.spent[APPLICATION]! += now - at;
      return;
    }
    const blockedAt = blockedSince === undefined ? now : Math.min(Math.max(blockedSince, at), now);
    this.spent[EVENT_LOOP]! += now - blockedAt;
    if (this.openParts === 0) {
      this.spent[APPLICATION]! += blockedAt - at;
      return;
    }
    const share = (blockedAt - at) / this.openParts;
    for (let i = 0; i < WAITS; i++) if (this.open[i]! > 0) this.spent[i]! += share;
  }

  /** Returns the parts that are waited for now, each with the number of its open waits. */
  openWaits(): (readonly [part: WaitPart, count: number])[] {
    return WAIT_PARTS.flatMap((part, i) => (this.open[i]! > 0 ? [[part, this.open[i]!] as const] : []));
  }

  /** Returns the time of a part, in milliseconds. */
  of(part: TimePart): number {
    return this.at(TIME_PARTS.indexOf(part));
  }

  /** Returns the time of the part at a position in {@link TIME_PARTS}, in milliseconds. */
  at(position: number): number {
    return this.spent[position]!;
  }

  /** Returns the time of each part that took any, in milliseconds. */
  toObject(): Partial<Record<TimePart, number>> {
    const parts: Partial<Record<TimePart, number>> = {};
    for (const [i, part] of TIME_PARTS.entries()) if (this.spent[i]! > 0) parts[part] = this.spent[i]!;
    return parts;
  }
}
