/** The part of the history that a response is about. */
export interface TimeRange {
  /** Length, in milliseconds. */
  readonly rangeMs: number;
  /** End, in milliseconds since the Unix epoch. @default the last sample */
  readonly until?: number;
  /** True to read the range before it too. @default false */
  readonly isCompared?: boolean;
}

/** Returns a range that is given by its length alone, or as a whole. */
export function timeRangeOf(range: TimeRange | number): TimeRange {
  return typeof range === 'number' ? { rangeMs: range } : range;
}

/** Returns a string that is equal for equal ranges. */
export function rangeKey({ rangeMs, until = 0, isCompared = false }: TimeRange): string {
  return `${rangeMs} ${until} ${isCompared}`;
}
