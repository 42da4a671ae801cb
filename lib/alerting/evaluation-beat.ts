/**
 * Whether rules are to be evaluated with a sample: with each, or with every so many if they are evaluated more rarely.
 * A timer that is a little early must not cost a whole interval.
 *
 * @param at when the sample was taken
 * @param last when they were evaluated last
 */
export function isDue(at: number, last: number, intervalMs: number, sampleIntervalMs: number): boolean {
  return at - last >= intervalMs - sampleIntervalMs / 2;
}
