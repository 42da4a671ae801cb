/** The metrics whose exponential histograms are requested: all, none, or those with the given names. */
export type ExponentialHistogramFilter = boolean | readonly string[];

/** Returns true if the filter lets the metric through. */
export function isIncluded(filter: ExponentialHistogramFilter, name: string): boolean {
  return typeof filter === 'boolean' ? filter : filter.includes(name);
}

/** Returns the filter that lets everything through that either of two filters does. */
export function unionOf(
  a: ExponentialHistogramFilter,
  b: ExponentialHistogramFilter,
): ExponentialHistogramFilter {
  if (a === true || b === true) return true;
  if (a === false || b === false) return a || b;
  return [...new Set([...a, ...b])];
}
