/** The limits of one batch. */
export interface BatchLimits {
  readonly items: number;
  readonly bytes: number;
}

/** The items of one request. */
export interface Batch<T> {
  readonly items: readonly T[];
  readonly bytes: number;
}

/**
 * Groups items into batches within the limits, in order. An item that exceeds the limit alone gets a batch of its own.
 *
 * @param bytesOf returns the size of an item in a request, its separator included
 */
export function batchesOf<T>(
  items: Iterable<T>,
  bytesOf: (item: T) => number,
  limits: BatchLimits,
): Batch<T>[] {
  const batches: Batch<T>[] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (batch.length > 0 && (batch.length >= limits.items || bytes + size > limits.bytes)) {
      batches.push({ items: batch, bytes });
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) batches.push({ items: batch, bytes });
  return batches;
}

/** Splits an array in the middle; returns a single half for fewer than two items. */
export function halvesOf<T>(items: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].filter(({ length }) => length > 0);
}
