const NEEDS_ESCAPE = /["\\\n]/;

/** Returns `name="value"` with the escapes that text 0.0.4 and OpenMetrics 1.0 share. */
export function renderLabel(name: string, value: string): string {
  return `${name}="${escapeLabelValue(value)}"`;
}

/** Returns a label value with the escapes that text 0.0.4 and OpenMetrics 1.0 share. */
export function escapeLabelValue(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
