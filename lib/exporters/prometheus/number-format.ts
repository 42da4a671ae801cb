/** Formats a sample value for either exposition format. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Formats a timestamp in milliseconds as the seconds of OpenMetrics. */
export function formatSeconds(milliseconds: number): string {
  return String(milliseconds / 1000);
}
