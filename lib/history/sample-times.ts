/**
 * The times of the latest samples of one metric. Samples are numbered from 1, and sample `n` stands in slot
 * `(n - 1) % capacity` of a ring.
 */
export class SampleTimes {
  private times: Float64Array;
  private total = 0;
  private latest = 0;
  private firstAt = -Infinity;

  /** @param capacity number of samples that are kept */
  constructor(capacity: number) {
    this.times = new Float64Array(capacity);
  }

  get capacity(): number {
    return this.times.length;
  }

  /** The number of the latest sample; 0 before the first one. */
  get count(): number {
    return this.total;
  }

  /** The slot of the latest sample. */
  get latestSlot(): number {
    return this.latest;
  }

  /** The start of the time without a gap, in milliseconds since the Unix epoch. */
  get coveredSince(): number {
    return this.total > this.capacity ? this.at(this.total % this.capacity) : this.firstAt;
  }

  /** Adds a sample, in place of the oldest one if the ring is full. */
  push(timestamp: number): void {
    this.latest = this.total % this.capacity;
    this.times[this.latest] = timestamp;
    if (this.total === 0) this.firstAt = timestamp;
    this.total++;
  }

  /** Moves the start of the covered time back while there is only one sample: its series are new since then. */
  extendTo(since: number): void {
    if (this.total === 1) this.firstAt = since;
  }

  /** Changes the capacity and keeps the latest samples. @returns their former slots, oldest first */
  resize(capacity: number): number[] {
    const kept = Math.min(this.total, this.capacity, capacity);
    const slots = Array.from({ length: kept }, (_, i) => (this.total - kept + i) % this.capacity);
    const [oldest] = slots;
    if (kept < this.total && oldest !== undefined) this.firstAt = this.at(oldest);
    const times = new Float64Array(capacity);
    slots.forEach((slot, i) => (times[i] = this.at(slot)));
    this.times = times;
    this.total = kept;
    this.latest = Math.max(0, kept - 1);
    return slots;
  }

  /** Returns the time of the sample in a slot. */
  at(slot: number): number {
    return this.times[slot] ?? NaN;
  }

  /** Returns the time of a sample by its number; -Infinity if it is no longer kept. */
  ofSample(number: number): number {
    const isKept = number > 0 && this.total - number < this.capacity;
    return isKept ? this.at((number - 1) % this.capacity) : -Infinity;
  }

  /** Returns the slots of the samples from one time to another, both included, oldest first. */
  slots(startMs: number, endMs: number): number[] {
    const oldest = Math.max(0, this.total - this.capacity);
    let end = this.total;
    while (end > oldest && this.at((end - 1) % this.capacity) > endMs) end--;
    let start = end;
    while (start > oldest && this.at((start - 1) % this.capacity) >= startMs) start--;
    return Array.from({ length: end - start }, (_, i) => (start + i) % this.capacity);
  }

  /** Returns the times of all samples that are kept, oldest first. */
  all(): number[] {
    return this.slots(-Infinity, Infinity).map((slot) => this.at(slot));
  }
}
