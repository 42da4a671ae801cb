const SIGNIFICANT_DIGITS = 6;

/** Rounds a number for display, to six significant digits. Whole numbers are not rounded. */
export function rounded(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value;
  return Math.abs(value) >= 10 ** SIGNIFICANT_DIGITS
    ? Math.round(value)
    : Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

/** Returns a number; 0 for what is none, such as NaN or infinity. */
export function finiteOrZero(value = 0): number {
  return Number.isFinite(value) ? value : 0;
}
