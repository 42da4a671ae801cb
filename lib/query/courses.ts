import type { FamilyHistory, KeptSeries } from '../history/family-history.js';
import { ExponentialSum } from '../history/exponential-history.js';
import { bucketQuantileOf } from './bucket-quantile.js';
import type { SampleWindow } from '../history/samples.js';
import { average, increase, type RangeFunction, rate } from './range-functions.js';
import { groupLabels, keyOf } from './readings.js';

/** The number that a {@link Course} shows at each moment. */
export type CourseNumber =
  | 'value'
  | 'rate'
  | 'rate of the sum'
  | 'increase'
  | 'average'
  /** Of a histogram: the values that these shares of the observed ones did not exceed, each a course of its own. */
  | { readonly quantiles: readonly number[] };

/** One number over time, of several series together. */
export interface Course {
  readonly labels: Readonly<Record<string, string>>;
  /** The number at each moment; NaN where nothing is known. */
  readonly values: Float64Array;
  /** The quantile that it is, if quantiles were asked for. */
  readonly quantile?: number;
}

/** So many samples are looked at in one step, more or less: some tens of microseconds. */
const STEP_SAMPLES = 500;

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly series: KeptSeries[];
}

/**
 * Computes numbers at several moments in one pass over each series. Yields after each small step of the work.
 *
 * @param moments milliseconds since the Unix epoch, in ascending order
 */
export function* coursesOf(
  family: FamilyHistory,
  matching: readonly KeptSeries[],
  groupBy: readonly string[],
  number: CourseNumber,
  windowMs: number,
  moments: readonly number[],
): Generator<void, Course[], void> {
  const courses: Course[] = [];
  for (const { labels, series } of yield* groupsOf(matching, groupBy)) {
    if (typeof number !== 'object') {
      const values = yield* valuesOf(family, series, number, windowMs, moments);
      if (isKnown(values)) courses.push({ labels, values });
      continue;
    }
    const { quantiles } = number;
    const courseOf = family.percentiles ? percentilesOf : bucketQuantilesOf;
    const all = yield* courseOf(family, series, quantiles, windowMs, moments);
    all.forEach((values, i) => {
      if (isKnown(values)) courses.push({ labels, values, quantile: quantiles[i] });
    });
  }
  return courses;
}

function isKnown(values: Float64Array): boolean {
  return values.some((value) => !Number.isNaN(value));
}

function* groupsOf(
  matching: readonly KeptSeries[],
  groupBy: readonly string[],
): Generator<void, Iterable<Group>, void> {
  const groups = new Map<string, Group>();
  for (const series of matching) {
    const labels = groupLabels(series.labels, groupBy);
    const key = keyOf(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, series: [series] });
    else group.series.push(series);
    yield;
  }
  return groups.values();
}

function* valuesOf(
  family: FamilyHistory,
  series: readonly KeptSeries[],
  number: Extract<CourseNumber, string>,
  windowMs: number,
  moments: readonly number[],
): Generator<void, Float64Array, void> {
  const isHistogram = family.type === 'histogram';
  const over = (column: number, summarise: RangeFunction) =>
    totalsOf(family, series, column, summarise, windowMs, moments);
  switch (number) {
    case 'value':
      return yield* lastValuesOf(family, series, moments);
    case 'rate':
      return (yield* over(family.countColumn, rate)).totals;
    case 'rate of the sum':
      return (yield* over(family.sumColumn, rate)).totals;
    case 'increase':
      return (yield* over(family.countColumn, increase)).totals;
    default: {
      const { totals, counts } = yield* over(family.sumColumn, isHistogram ? rate : average);
      const divisors = isHistogram ? (yield* over(family.countColumn, rate)).totals : counts;
      return totals.map((total, i) => total / divisors[i]);
    }
  }
}

function* lastValuesOf(
  family: FamilyHistory,
  all: readonly KeptSeries[],
  moments: readonly number[],
): Generator<void, Float64Array, void> {
  const totals = new Float64Array(moments.length).fill(NaN);
  for (const series of all) {
    family.valuesAt(series, family.countColumn, moments).forEach((value, i) => addTo(totals, i, value));
    yield;
  }
  return totals;
}

/** Sums a function over windows, and counts the series that have a number, at each moment. */
function* totalsOf(
  family: FamilyHistory,
  all: readonly KeptSeries[],
  column: number,
  summarise: RangeFunction,
  windowMs: number,
  moments: readonly number[],
): Generator<void, { totals: Float64Array; counts: Float64Array }, void> {
  const totals = new Float64Array(moments.length).fill(NaN);
  const counts = new Float64Array(moments.length);
  for (const series of all) {
    slide(family, series, column, windowMs, moments, (window, i) => {
      const value = summarise(window);
      if (value === undefined) return;
      addTo(totals, i, value);
      counts[i]++;
    });
    yield;
  }
  return { totals, counts };
}

/** Estimates quantiles from classic buckets, within what the series have really observed. */
function* bucketQuantilesOf(
  family: FamilyHistory,
  all: readonly KeptSeries[],
  quantiles: readonly number[],
  windowMs: number,
  moments: readonly number[],
): Generator<void, Float64Array[], void> {
  const width = family.upperBounds.length + 1;
  const rates = new Float64Array(moments.length * width).fill(NaN);
  for (const series of all) {
    for (let bucket = 0; bucket < width; bucket++) {
      slide(family, series, bucket, windowMs, moments, (window, i) => {
        const value = rate(window);
        if (value !== undefined) addTo(rates, i * width + bucket, value);
      });
      yield;
    }
  }
  const clamp = clampTo(all);
  return quantiles.map((q) =>
    Float64Array.from(moments, (_, i) =>
      clamp(bucketQuantileOf(q, family.upperBounds, rates.subarray(i * width, (i + 1) * width))),
    ),
  );
}

/** Reads percentiles of at most 1 % error, within what the series have really observed. */
function* percentilesOf(
  family: FamilyHistory,
  all: readonly KeptSeries[],
  quantiles: readonly number[],
  windowMs: number,
  moments: readonly number[],
): Generator<void, Float64Array[], void> {
  const found = quantiles.map(() => new Float64Array(moments.length));
  const clamp = clampTo(all);
  const observed = new ExponentialSum();
  const oldest = (moments[0] ?? 0) - windowMs;
  const slots = family.slots(oldest, moments.at(-1) ?? 0);
  const rests = Math.ceil(STEP_SAMPLES / all.length);
  let first = 0;
  let end = 0;
  for (let i = 0; i < moments.length; i++) {
    for (; end < slots.length && family.timeOf(slots[end]) <= moments[i]; end++) {
      for (const { fine } of all) fine?.addTo(observed, slots[end]);
      if (end % rests === 0) yield;
    }
    // The sample at the very beginning of the window shows what happened before it.
    for (; first < end && family.timeOf(slots[first]) <= moments[i] - windowMs; first++) {
      for (const { fine } of all) fine?.takeFrom(observed, slots[first]);
      if (first % rests === 0) yield;
    }
    quantiles.forEach((q, k) => (found[k][i] = clamp(observed.quantile(q))));
  }
  return found;
}

/** Calls back with the window that ends at each moment. */
function slide(
  family: FamilyHistory,
  series: KeptSeries,
  column: number,
  windowMs: number,
  moments: readonly number[],
  visit: (window: SampleWindow, index: number) => void,
): void {
  if (moments.length === 0) return;
  const samples = family.samples(series, column, moments[0] - windowMs, moments.at(-1)!, true);
  const { times } = samples;
  const window = { ...samples, first: 0, end: 0, startMs: 0, endMs: 0 };
  for (let i = 0; i < moments.length; i++) {
    window.endMs = moments[i];
    // A rate is over the time that is covered, which right after the start is less than the window.
    window.startMs = Math.max(moments[i] - windowMs, Math.min(family.coveredSince, moments[i]));
    while (window.end < times.length && times[window.end] <= window.endMs) window.end++;
    while (window.first < window.end && times[window.first] < window.startMs) window.first++;
    visit(window, i);
  }
}

/** Returns a function that keeps an estimate between the smallest and the largest value of some histograms. */
export function clampTo(all: readonly KeptSeries[]): (estimate: number) => number {
  let least = Infinity;
  let most = -Infinity;
  for (const series of all) {
    if (series.least < least) ({ least } = series);
    if (series.most > most) ({ most } = series);
  }
  return least > most ? (estimate) => estimate : (estimate) => Math.min(Math.max(estimate, least), most);
}

function addTo(totals: Float64Array, index: number, value: number): void {
  if (Number.isNaN(value)) return;
  totals[index] = Number.isNaN(totals[index]) ? value : totals[index] + value;
}
