import type { Samples, SampleWindow } from '../history/samples.js';

/** A window over samples that only moves forwards, so that many windows cost one pass over the samples. */
export class MovingWindow implements SampleWindow {
  readonly times: readonly number[];
  readonly values: readonly number[];
  first = 0;
  end = 0;
  startMs = NaN;
  endMs = NaN;

  /** @param includesStart true if a sample at the very start belongs to the window; one at the end always does */
  constructor(
    { times, values }: Samples,
    private readonly includesStart: boolean,
  ) {
    this.times = times;
    this.values = values;
  }

  moveTo(startMs: number, endMs: number): void {
    this.startMs = startMs;
    this.endMs = endMs;
    while ((this.times[this.end] ?? NaN) <= endMs) this.end++;
    while (this.first < this.end && this.isBeforeStart(this.times[this.first] ?? NaN)) this.first++;
  }

  private isBeforeStart(time: number): boolean {
    return this.includesStart ? time < this.startMs : time <= this.startMs;
  }
}
