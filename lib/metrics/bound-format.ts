/**
 * Formats a bucket bound for the label `le` as Go's `%g` does, with an exponent below -4 and from 6 up (`1e-05`,
 * `1e+06`).
 */
export function formatBound(bound: number): string {
  if (Number.isNaN(bound)) return 'NaN';
  if (!Number.isFinite(bound)) return bound > 0 ? '+Inf' : '-Inf';
  const [mantissa, exponentText] = bound.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(bound);
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/**
 * Formats a bucket bound in the canonical form of OpenMetrics, with `.0` after a whole number.
 *
 * @see OpenMetrics 1.0, "Considerations: Canonical Numbers"
 */
export function formatCanonicalBound(bound: number): string {
  const text = formatBound(bound);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
