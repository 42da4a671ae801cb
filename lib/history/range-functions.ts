/** The samples of one series in a window, oldest first. */
export interface Window {
  /** Milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly startMs: number;
  readonly endMs: number;
}

/** A number for what happened in a window; undefined if there are too few samples to tell. */
export type RangeFunction = (window: Window) => number | undefined;

/** By how much a counter went up in the window, resets counted as such. */
export const increase: RangeFunction = (window) => extrapolated(window, true);

/** By how much a counter went up in a second, on average over the window. */
export const rate: RangeFunction = (window) =>
  extrapolated(window, true, (window.endMs - window.startMs) / 1000);

/** By how much a gauge changed over the window. */
export const delta: RangeFunction = (window) => extrapolated(window, false);

export const average: RangeFunction = ({ values }) => {
  let mean = 0;
  let compensation = 0;
  values.forEach((value, i) => {
    const count = i + 1;
    [mean, compensation] = compensatedSum(value / count - mean / count, mean, compensation);
  });
  return values.length === 0 ? undefined : mean + compensation;
};

export const sum: RangeFunction = ({ values }) => {
  let total = 0;
  let compensation = 0;
  for (const value of values) [total, compensation] = compensatedSum(value, total, compensation);
  return values.length === 0 ? undefined : total + compensation;
};

export const minimum: RangeFunction = ({ values }) => (values.length === 0 ? undefined : Math.min(...values));
export const maximum: RangeFunction = ({ values }) => (values.length === 0 ? undefined : Math.max(...values));

/**
 * The change over the whole window, as Prometheus infers it from the samples within: what they show is extended to
 * the edges of the window if a sample lies near them, else by half the distance of two samples; and a counter is
 * not extended to before it was zero.
 *
 * @param per the seconds that the change is divided by
 */
function extrapolated(
  { times, values, startMs, endMs }: Window,
  isCounter: boolean,
  per = 1,
): number | undefined {
  const last = values.length - 1;
  if (last < 1) return undefined;
  const first = values[0];
  let change = values[last] - first;
  if (isCounter) {
    for (let i = 1; i <= last; i++) if (values[i] < values[i - 1]) change += values[i - 1];
  }
  const sampled = (times[last] - times[0]) / 1000;
  const between = sampled / last;
  let toStart = (times[0] - startMs) / 1000;
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
