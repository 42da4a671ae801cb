import { numberAt } from '../metrics/merge/number-at.js';
import { CREATED, FIRST_BUCKET, liveRows, type MetricFamily, VALUE } from '../metrics/snapshot.js';

/**
 * Returns the last values of the series that have ended in a worker, because they were removed or their metric was reset.
 *
 * @param before metrics in the last report of the worker
 * @param now metrics in its current report
 */
export function endedSeries(before: readonly MetricFamily[], now: readonly MetricFamily[]): MetricFamily[] {
  const families = new Map(now.map((family) => [family.name, family]));
  return before.flatMap((family) => {
    if (family.type === 'gauge') return [];
    const ended = endedRows(family, families.get(family.name));
    return ended.size === 0 ? [] : withRows(family, (row) => ended.has(row));
  });
}

/** Returns the metrics without the series for which the predicate returns true. */
export function withoutSeries(
  families: readonly MetricFamily[],
  isExcluded: (name: string, key: string) => boolean,
): MetricFamily[] {
  return families.flatMap((family) =>
    withRows(family, (row) => !isExcluded(family.name, seriesKey(family, row))),
  );
}

/** Returns the keys of all series, by metric. */
export function seriesKeys(families: readonly MetricFamily[]): Map<string, Set<string>> {
  return new Map(
    families.map((family) => [
      family.name,
      new Set(Array.from(liveRows(family), (row) => seriesKey(family, row))),
    ]),
  );
}

function endedRows(before: MetricFamily, now: MetricFamily | undefined): Set<number> {
  const ended = new Set<number>();
  const rowNow = currentRows(before, now);
  for (const row of liveRows(before)) if (hasEnded(before, row, now, rowNow(row))) ended.add(row);
  return ended;
}

/** Returns a function from the earlier row of a series to its current row; undefined if it has none. */
function currentRows(
  before: MetricFamily,
  now: MetricFamily | undefined,
): (row: number) => number | undefined {
  if (now === undefined) return () => undefined;
  if (now.identities === before.identities) return (row) => row;
  let byKey: Map<string, number> | undefined;
  return (row) => {
    byKey ??= new Map(Array.from(liveRows(now), (at) => [seriesKey(now, at), at]));
    return byKey.get(seriesKey(before, row));
  };
}

function hasEnded(
  before: MetricFamily,
  row: number,
  now: MetricFamily | undefined,
  rowNow: number | undefined,
): boolean {
  if (now === undefined || rowNow === undefined || now.stride !== before.stride) return true;
  const { stride } = before;
  const [from, to] = [row * stride, rowNow * stride];
  // The creation time of a dead row is NaN.
  if (now.numbers[to + CREATED] !== before.numbers[from + CREATED]) return true;
  // A series that was created again within the same millisecond has a smaller count.
  const counts = before.type === 'histogram' ? FIRST_BUCKET : VALUE;
  for (let i = counts; i < stride; i++) {
    if (numberAt(now.numbers, to + i) < numberAt(before.numbers, from + i)) return true;
  }
  return false;
}

/** Returns the metric with a part of its series, in a list that is empty if no series is left. */
function withRows<F extends MetricFamily>(family: F, isIn: (row: number) => boolean): F[] {
  const { stride, series } = family;
  const numbers = family.numbers.slice();
  const out = new Set<number>();
  let isLeft = false;
  for (const row of liveRows(family)) {
    if (isIn(row)) isLeft = true;
    else {
      out.add(row);
      numbers[row * stride + CREATED] = NaN;
    }
  }
  if (!isLeft) return [];
  if (out.size === 0) return [family];
  function* remaining(): Generator {
    const rows = liveRows(family);
    for (const one of series) if (!out.has(rows.next().value as number)) yield one;
  }
  return [{ ...family, numbers, series: { [Symbol.iterator]: remaining } }];
}

function seriesKey({ identities }: MetricFamily, row: number): string {
  return JSON.stringify(Object.entries(identities.labelsOf(row)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
