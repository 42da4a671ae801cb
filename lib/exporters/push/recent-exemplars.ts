import { type Exemplar, FIRST_BUCKET, type MetricFamily, VALUE } from '../../metrics/snapshot.js';

/**
 * Returns the exemplars of a series that were recorded at a time or later, in the order of their times; undefined if
 * there are none. One recorded in the very millisecond between two intervals belongs to both, so that none is lost.
 *
 * @param since milliseconds since the Unix epoch
 */
export function recentExemplars(
  { type, exemplars, stride }: MetricFamily,
  row: number,
  since: number,
): readonly Exemplar[] | undefined {
  if (exemplars === undefined) return undefined;
  const start = row * stride;
  const end = start + (type === 'histogram' ? stride : VALUE + 1);
  let recent: Exemplar[] | undefined;
  for (let at = start + (type === 'histogram' ? FIRST_BUCKET : VALUE); at < end; at++) {
    const exemplar = exemplars.get(at);
    if (exemplar === undefined || exemplar.timestamp < since) continue;
    if (recent === undefined) recent = [exemplar];
    else recent.push(exemplar);
  }
  return recent?.toSorted((a, b) => a.timestamp - b.timestamp);
}
