import { CREATED, liveRows, type MetricFamily } from '../../metrics/snapshot.js';

/**
 * Returns the rows of a family that belong to series which the next snapshot does not have.
 *
 * @param current the family in the next snapshot; undefined if it is gone
 */
export function goneRows(previous: MetricFamily, current: MetricFamily | undefined): number[] {
  const rows = [...liveRows(previous)];
  if (current === undefined) return rows;
  const { numbers, stride, identities } = current;
  const isLive = (row: number): boolean => {
    const createdAt = numbers[row * stride + CREATED];
    return createdAt !== undefined && !Number.isNaN(createdAt);
  };
  const candidates = identities === previous.identities ? rows.filter((row) => !isLive(row)) : rows;
  if (candidates.length === 0) return candidates;
  // A series that was removed and created again has another row, and rows are compacted.
  const present = new Set(Array.from(liveRows(current), (row) => identities.renderPrefixOf(row)));
  return candidates.filter((row) => !present.has(previous.identities.renderPrefixOf(row)));
}
