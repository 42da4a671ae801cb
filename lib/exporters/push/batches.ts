/** The most that one request to a remote may hold. */
export interface BatchLimits {
  readonly items: number;
  readonly bytes: number;
}

/** Some items for one request. */
export interface Batch<T> {
  readonly items: readonly T[];
  readonly bytes: number;
}

/**
 * Cuts items into batches that keep the limits, in their order. An item that is too large on its own is a batch of
 * its own.
 *
 * @param bytesOf what an item takes in a request, with what separates it from the next
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
