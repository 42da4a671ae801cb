/** Returns the smallest of any number of values; NaN if one of them is. `Math.min(...values)` throws for many. */
export function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

/** Returns the largest of any number of values; NaN if one of them is. `Math.max(...values)` throws for many. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
