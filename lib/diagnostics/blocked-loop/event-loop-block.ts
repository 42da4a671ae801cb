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
}

/** A stack trace during a block. */
export interface BlockStack {
  /** Time during which it was the same, in milliseconds. */
  readonly ms: number;
  /** The frames, the innermost first. */
  readonly frames: readonly string[];
}
