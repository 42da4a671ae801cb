/**
 * Returns true if the rules are due at a sample. Half a sample interval of tolerance keeps a timer that is slightly
 * early from skipping an evaluation.
 *
 * @param at the time of the sample
 * @param last the time of the last evaluation
 */
export function isDue(at: number, last: number, intervalMs: number, sampleIntervalMs: number): boolean {
  return at - last >= intervalMs - sampleIntervalMs / 2;
}
