import type { SampleWindow } from '../history/samples.js';

/** A number for what happened in a window; undefined if there are too few samples to tell. */
export type RangeFunction = (window: SampleWindow) => number | undefined;

/** By how much a counter went up in the window, resets counted as such. */
export const increase: RangeFunction = (window) => extrapolated(window, true);

/** By how much a counter went up in a second, on average over the window. */
export const rate: RangeFunction = (window) =>
  extrapolated(window, true, (window.endMs - window.startMs) / 1000);

/** The functions for which a series counts from zero at its creation. */
export const COUNTER_FUNCTIONS: ReadonlySet<RangeFunction> = new Set([increase, rate]);

/** By how much a gauge changed over the window. */
export const delta: RangeFunction = (window) => extrapolated(window, false);

export const average: RangeFunction = ({ values, first, end }) => {
  let mean = 0;
  let compensation = 0;
  for (let i = first; i < end; i++) {
    const count = i - first + 1;
    [mean, compensation] = compensatedSum(values[i] / count - mean / count, mean, compensation);
  }
  return first === end ? undefined : mean + compensation;
};

export const sum: RangeFunction = ({ values, first, end }) => {
  let total = 0;
  let compensation = 0;
  for (let i = first; i < end; i++) [total, compensation] = compensatedSum(values[i], total, compensation);
  return first === end ? undefined : total + compensation;
};

export const minimum: RangeFunction = (window) => extreme(window, Math.min);
export const maximum: RangeFunction = (window) => extreme(window, Math.max);

function extreme(
  { values, first, end }: SampleWindow,
  pick: (a: number, b: number) => number,
): number | undefined {
  if (first === end) return undefined;
  let found = values[first];
  for (let i = first + 1; i < end; i++) found = pick(found, values[i]);
  return found;
}

/**
 * The change over the whole window, as Prometheus infers it from the samples within: what they show is extended to
 * the edges of the window if a sample lies near them, else by half the distance of two samples; and a counter is
 * not extended to before it was zero.
 *
 * @param per the seconds that the change is divided by
 */
function extrapolated(
  { times, values, first: start, end, startMs, endMs }: SampleWindow,
  isCounter: boolean,
  per = 1,
): number | undefined {
  const last = end - 1;
  if (last <= start) return undefined;
  const first = values[start];
  let change = values[last] - first;
  if (isCounter) {
    for (let i = start + 1; i <= last; i++) if (values[i] < values[i - 1]) change += values[i - 1];
  }
  const sampled = (times[last] - times[start]) / 1000;
  const between = sampled / (last - start);
  let toStart = (times[start] - startMs) / 1000;
  const toEnd = (endMs - times[last]) / 1000;
  if (isCounter && change > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / change));
  const near = between * 1.1;
  let covered = sampled;
  covered += toStart < near ? toStart : between / 2;
  covered += toEnd < near ? toEnd : between / 2;
  // In this order, so that the rounding is that of Prometheus.
  return change * (covered / sampled / per);
}

/** Adds a number to a sum and its compensation, as Kahan and Neumaier do. */
function compensatedSum(value: number, total: number, compensation: number): [number, number] {
  const next = total + value;
  const lost = Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
  return [next, compensation + lost];
}
