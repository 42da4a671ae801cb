/** Returns true for a number of milliseconds above 0. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity;
}
