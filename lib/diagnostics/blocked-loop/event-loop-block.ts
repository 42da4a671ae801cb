/** A time in which the event loop was blocked, and by what. */
export interface EventLoopBlock {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /**
   * Function that blocked it, such as `ReportsService.total` or `lodash: baseClone`, or a reason in parentheses:
   * `(garbage collection)`; `(native code)`, such as `JSON.parse`, if its caller is unknown; `(not scheduled)` if the
   * process was stopped or had no processor; `(unknown)` if the block was over before anything was known.
   */
  readonly culprit: string;
  /** Place of the function in the source, such as `ReportsService.total (src/reports.service.ts:42:17)`. */
  readonly site?: string;
  /** Operation that the function called, such as `JSON.parse`, `RegExp.test` or `readFileSync`. */
  readonly operation?: string;
  /** Share of the block that the function took, from 0 to 1. */
  readonly share: number;
  /** The cause in a sentence. */
  readonly cause: string;
  /** The stack traces that were taken meanwhile, the longest first. */
  readonly stacks: readonly BlockStack[];
  /** All stack traces that were taken meanwhile, joined to a tree of at most 200 functions; the first has no name. */
  readonly flame: BlockFlame;
}

/** A function in the stack traces of a block, with those that it called. */
export interface BlockFlame {
  /** Name and file, such as `ReportsService.total (src/reports.service.ts)`; with the line if it has no name. */
  readonly name: string;
  /** Time during which it, or what it called, ran, in milliseconds. */
  readonly value: number;
  /** The functions that it called, the longest first. */
  readonly children: readonly BlockFlame[];
}

/** A stack trace during a block. */
export interface BlockStack {
  /** Time during which it was the same, in milliseconds. */
  readonly ms: number;
  /** The frames, the innermost first. */
  readonly frames: readonly string[];
}
