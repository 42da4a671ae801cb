/** Number of stack traces of one class of errors in one operation that are read each second. */
const READS_PER_KIND = 20;
/** Number of all stack traces that are read each second: a few percent of the time of one processor. */
const READS = 500;
/** Number of last results of a kind that further errors are distributed among. */
const LAST_RESULTS = 8;
/** Upper limit for the kinds that are remembered. */
const MAX_KINDS = 1_000;

/**
 * The stack traces that may be read each second. Formatting one takes tens of microseconds, and errors come by the ten
 * thousand when a database is gone. Errors beyond the limit get the last results of their kind in turn.
 */
export class ReadingBudget<T> {
  private readonly kinds = new Map<string, { readonly last: T[]; turn: number; reads: number }>();
  private second = NaN;
  private reads = 0;

  /**
   * Returns the result for an error of a kind; undefined if the kind has none and the limit is reached.
   *
   * @param now time in milliseconds
   */
  of(kind: string, now: number, read: () => T): T | undefined {
    const second = Math.floor(now / 1_000);
    if (second !== this.second) this.beginSecond(second);
    let known = this.kinds.get(kind);
    if (known === undefined) {
      if (this.kinds.size >= MAX_KINDS) this.kinds.clear();
      this.kinds.set(kind, (known = { last: [], turn: 0, reads: 0 }));
    }
    const { last } = known;
    if (known.reads >= READS_PER_KIND || this.reads >= READS) return last[known.turn++ % last.length];
    known.reads++;
    this.reads++;
    const result = read();
    if (last.length < LAST_RESULTS) last.push(result);
    else last[known.turn++ % LAST_RESULTS] = result;
    return result;
  }

  private beginSecond(second: number): void {
    this.second = second;
    this.reads = 0;
    for (const kind of this.kinds.values()) kind.reads = 0;
  }
}
