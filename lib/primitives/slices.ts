/** Longest time that work in slices keeps the event loop at once, in milliseconds, beyond one step of the work. */
const SLICE_MS = 5;

/**
 * Runs work that yields often to its end, in slices of time between which the event loop has its turn.
 *
 * @param monotonic returns milliseconds that never go backwards
 */
export async function inSlices<T>(
  work: Generator<void, T, void>,
  monotonic: () => number = () => performance.now(),
): Promise<T> {
  let sliceEnd = monotonic() + SLICE_MS;
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (monotonic() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEnd = monotonic() + SLICE_MS;
  }
}
