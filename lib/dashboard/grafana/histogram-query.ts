/** The kind of histograms that a Prometheus stores. */
export type HistogramKind = 'classic' | 'native' | 'both';

/** The kinds that an option may name. */
export const HISTOGRAM_KINDS: readonly HistogramKind[] = ['classic', 'native', 'both'];

/** A range function over a part of a histogram: its function, the name, the part, and the rest up to its parenthesis. */
const PART =
  /\b(rate|increase)\(([a-zA-Z_:][a-zA-Z0-9_:]*)_(bucket|sum|count)(\{[^{}]*\}\[[^[\]]*\](?: @ end\(\))?)\)/g;
const GROUPING = /\bby \(([^()]*)\)/g;

/**
 * Returns a query over classic histograms as one over those that Prometheus stores. With both kinds, a native histogram is
 * preferred, and the classic one is read where there is no native one.
 *
 * @param isHistogram returns true if a metric is a histogram, not a counter with such a name
 */
export function histogramQuery(
  expr: string,
  kind: HistogramKind,
  isHistogram: (metric: string) => boolean,
): string {
  if (kind === 'classic') return expr;
  const native = nativeQuery(expr, isHistogram);
  return kind === 'native' || native === expr ? native : `(${native}) or (${expr})`;
}

function nativeQuery(expr: string, isHistogram: (metric: string) => boolean): string {
  let hasBuckets = false;
  const selected = expr.replaceAll(
    PART,
    (text: string, range: string, metric: string, part: string, rest: string) => {
      if (!isHistogram(metric)) return text;
      hasBuckets ||= part === 'bucket';
      const whole = `${range}(${metric}${rest})`;
      return part === 'bucket' ? whole : `histogram_${part}(${whole})`;
    },
  );
  return hasBuckets ? selected.replaceAll(GROUPING, (_, labels: string) => groupingOf(labels)) : selected;
}

/** Returns a grouping without the bounds of buckets. */
function groupingOf(labels: string): string {
  const names = labels
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== 'le');
  return `by (${names.join(', ')})`;
}
