/** A sample value as both exposition formats write it. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/**
 * A bucket bound as the value of the label `le`, in the shortest form that Go's `%g` gives it: exponents below
 * -4 and from 6 up are written out (`1e-05`, `1e+06`).
 */
export function formatBound(bound: number): string {
  if (!Number.isFinite(bound)) return formatValue(bound);
  const [mantissa, exponentText] = bound.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(bound);
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/**
 * A bucket bound in the canonical form of OpenMetrics, which has a `.0` where the number is whole.
 *
 * @see OpenMetrics 1.0, "Considerations: Canonical Numbers"
 */
export function formatCanonicalBound(bound: number): string {
  const text = formatBound(bound);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A moment in the seconds that OpenMetrics counts in. */
export function formatSeconds(milliseconds: number): string {
  return String(milliseconds / 1000);
}
