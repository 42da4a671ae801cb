/**
 * The time after which work yields to the event loop, in milliseconds. A step, or a collection of garbage, that begins
 * just before still ends within 5 ms.
 */
const SLICE_MS = 2;

/**
 * Runs a generator that yields often to its end, in slices between which the event loop runs.
 *
 * @param monotonic returns milliseconds that never go backwards
 */
export async function inTimeSlices<T>(
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
