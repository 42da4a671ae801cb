/** Time for which a decision about sampling holds, in milliseconds. */
const SLICE_MS = 100;

/** The decision which operations are recorded. */
export class Sampler {
  private secondStart = -Infinity;
  private startedInSecond = 0;
  private sliceEnd = -Infinity;
  private isSliceSampled = false;

  /**
   * @param sampleRate share of operations that are recorded, from 0 to 1
   * @param firstOfSecond number of operations that are recorded in each second before the sample rate counts
   */
  constructor(
    private readonly sampleRate: number,
    private readonly firstOfSecond: number,
  ) {}

  /**
   * Samples the first operations of each second, so that a quiet application is recorded whole, and by time beyond them:
   * either every operation that starts within a slice is recorded or none. Before Node.js 24, an async context in use
   * makes every promise of the process slower, whichever operation it belongs to; with a decision for each operation, one
   * of many that run at once would always be recorded.
   */
  samples(now: number): boolean {
    const { sampleRate } = this;
    if (sampleRate >= 1) return true;
    if (sampleRate <= 0) return false;
    if (!(now - this.secondStart < 1_000)) {
      this.secondStart = now;
      this.startedInSecond = 0;
    }
    if (this.startedInSecond++ < this.firstOfSecond) return true;
    if (now >= this.sliceEnd || now < this.sliceEnd - SLICE_MS) {
      this.sliceEnd = now + SLICE_MS;
      this.isSliceSampled = Math.random() < sampleRate;
    }
    return this.isSliceSampled;
  }
}
