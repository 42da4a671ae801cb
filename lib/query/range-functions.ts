import type { SampleWindow } from '../history/samples.js';

/** A function of the samples in a window; undefined if there are too few of them. */
export type RangeFunction = (window: SampleWindow) => number | undefined;

/** Returns the increase of a counter over the window. After a reset it counts on from the value before. */
export const increase: RangeFunction = (window) => extrapolated(window, true);

/** Returns the increase of a counter per second, on average over the window. */
export const rate: RangeFunction = (window) =>
  extrapolated(window, true, (window.endMs - window.startMs) / 1000);

/** The functions for which a series counts from zero at its creation. */
export const COUNTER_FUNCTIONS: ReadonlySet<RangeFunction> = new Set([increase, rate]);

/** Returns the change of a gauge over the window. */
export const delta: RangeFunction = (window) => extrapolated(window, false);

export const average: RangeFunction = ({ values, first, end }) => {
  let mean = 0;
  let compensation = 0;
  for (let i = first; i < end; i++) {
    const count = i - first + 1;
    [mean, compensation] = compensatedSum((values[i] ?? NaN) / count - mean / count, mean, compensation);
  }
  return first === end ? undefined : mean + compensation;
};

export const sum: RangeFunction = ({ values, first, end }) => {
  let total = 0;
  let compensation = 0;
  for (let i = first; i < end; i++) {
    [total, compensation] = compensatedSum(values[i] ?? NaN, total, compensation);
  }
  return first === end ? undefined : total + compensation;
};

export const minimum: RangeFunction = (window) => extreme(window, Math.min);
export const maximum: RangeFunction = (window) => extreme(window, Math.max);

function extreme(
  { values, first, end }: SampleWindow,
  pick: (a: number, b: number) => number,
): number | undefined {
  let found: number | undefined;
  for (let i = first; i < end; i++) {
    const value = values[i] ?? NaN;
    found = found === undefined ? value : pick(found, value);
  }
  return found;
}

/**
 * Returns the change over the whole window as Prometheus extrapolates it: to an edge of the window that a sample is
 * near, otherwise by half the average distance between samples. A counter is not extrapolated below zero.
 *
 * @param per divisor of the change, in seconds
 */
function extrapolated(
  { times, values, first, end, startMs, endMs }: SampleWindow,
  isCounter: boolean,
  per = 1,
): number | undefined {
  const last = end - 1;
  const firstValue = values[first];
  const lastValue = values[last];
  const firstTime = times[first];
  const lastTime = times[last];
  if (last <= first || firstValue === undefined || lastValue === undefined) return undefined;
  if (firstTime === undefined || lastTime === undefined) return undefined;
  let change = lastValue - firstValue;
  if (isCounter) {
    // A lower value is a reset: the counter starts again from zero, so the value before it is added.
    let before = firstValue;
    for (let i = first + 1; i <= last; i++) {
      const value = values[i] ?? NaN;
      if (value < before) change += before;
      before = value;
    }
  }
  const sampled = (lastTime - firstTime) / 1000;
  const between = sampled / (last - first);
  let toStart = (firstTime - startMs) / 1000;
  const toEnd = (endMs - lastTime) / 1000;
  if (isCounter && change > 0 && firstValue >= 0) {
    toStart = Math.min(toStart, sampled * (firstValue / change));
  }
  const near = between * 1.1;
  let covered = sampled;
  covered += toStart < near ? toStart : between / 2;
  covered += toEnd < near ? toEnd : between / 2;
  // The order of the operations makes the rounding equal to that of Prometheus.
  return change * (covered / sampled / per);
}

/** Adds a number to a sum and its compensation by the algorithm of Kahan and Neumaier. */
function compensatedSum(value: number, total: number, compensation: number): [number, number] {
  const next = total + value;
  const lost = Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
  return [next, compensation + lost];
}
