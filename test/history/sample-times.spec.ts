import { describe, expect, it } from '@jest/globals';
import { SampleTimes } from '../../lib/history/sample-times.js';

function timesOf(capacity: number, ...timestamps: number[]): SampleTimes {
  const times = new SampleTimes(capacity);
  for (const timestamp of timestamps) times.push(timestamp);
  return times;
}

describe('the times of samples', () => {
  it('are kept up to the capacity, the oldest replaced first', () => {
    const times = timesOf(3, 10, 20, 30, 40);
    expect([times.all(), times.count, times.latestSlot]).toEqual([[20, 30, 40], 4, 0]);
    expect([times.ofSample(1), times.ofSample(2), times.ofSample(4), times.ofSample(0)]).toEqual([
      -Infinity,
      20,
      40,
      -Infinity,
    ]);
  });

  it('are found between two times, both included', () => {
    const times = timesOf(3, 10, 20, 30, 40);
    const between = (start: number, end: number): number[] =>
      times.slots(start, end).map((slot) => times.at(slot));
    expect([between(20, 30), between(21, 100), between(31, 39), between(50, 60)]).toEqual([
      [20, 30],
      [30, 40],
      [],
      [],
    ]);
  });

  it('cover the time since the first sample, or since the oldest that is kept', () => {
    expect(new SampleTimes(3).coveredSince).toBe(-Infinity);
    const times = timesOf(2, 10);
    times.extendTo(5);
    expect(times.coveredSince).toBe(5);
    times.push(20);
    times.extendTo(1);
    expect(times.coveredSince).toBe(5);
    times.push(30);
    expect(times.coveredSince).toBe(20);
  });

  it('are the latest ones after a change of the capacity', () => {
    const smaller = timesOf(3, 10, 20, 30, 40);
    expect(smaller.resize(2)).toEqual([2, 0]);
    expect([smaller.all(), smaller.coveredSince]).toEqual([[30, 40], 30]);
    const larger = timesOf(2, 10, 20, 30);
    expect(larger.resize(4)).toEqual([1, 0]);
    larger.push(40);
    expect(larger.all()).toEqual([20, 30, 40]);
    const empty = new SampleTimes(2);
    expect([empty.resize(5), empty.all()]).toEqual([[], []]);
  });
});
