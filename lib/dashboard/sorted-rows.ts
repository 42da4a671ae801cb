/**
 * Returns rows by keys, of which the largest comes first and each decides where those before it are equal; those that are
 * equal in all by name, so that they do not change places.
 */
export function sortedRows<Row>(
  rows: readonly Row[],
  keysOf: (row: Row) => readonly number[],
  nameOf: (row: Row) => string,
): Row[] {
  return rows
    .map((row) => ({ row, keys: keysOf(row), name: nameOf(row) }))
    .toSorted((a, b) => byKeys(a.keys, b.keys) || (a.name < b.name ? -1 : 1))
    .map(({ row }) => row);
}

function byKeys(some: readonly number[], others: readonly number[]): number {
  for (const [i, key] of some.entries()) {
    const difference = (others[i] ?? 0) - key;
    if (difference !== 0) return difference;
  }
  return 0;
}
