/** The metrics whose exponential histograms are requested: all, none, or those with the given names. */
export type ExponentialSelection = boolean | readonly string[];

/** Returns true if the selection contains the metric. */
export function isSelected(selection: ExponentialSelection, name: string): boolean {
  return typeof selection === 'boolean' ? selection : selection.includes(name);
}

/** Returns the selection of everything that either of two selections contains. */
export function unionOf(a: ExponentialSelection, b: ExponentialSelection): ExponentialSelection {
  if (a === true || b === true) return true;
  if (a === false || b === false) return a || b;
  return [...new Set([...a, ...b])];
}
