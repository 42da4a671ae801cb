import type { RangeSeries } from '../../query/range-query.js';
import type { VitalName } from '../../query/vital-definitions.js';
import { conventionOfAll } from '../../metrics/conventions/conventions.js';
import { ConventionalNames } from '../../query/conventional-names.js';
import type { DashboardHistory } from '../dashboard-history.js';
import { rounded } from '../rounding.js';
import { promQlOfQuery } from './panel-promql.js';
import { isPercentile, type Panel, quantileOf, type Query, type Unit, type View } from './panel.js';
import { type TimeRange, timeRangeOf } from './time-range.js';
import { chartTimes } from './chart-times.js';

/** The most lines of a chart. Of more, those with the highest peaks are shown. */
const MAX_LINES = 8;
/** The most points of a line: more than a screen can show. */
const MAX_POINTS = 500;
/** The shortest window of a rate or percentile, in sampling intervals: it needs several samples. */
const MIN_WINDOW_INTERVALS = 4;
const MIN_WINDOW_MS = 60_000;

/** The values of one line; null where a value is unknown. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** The values one range earlier, if it is compared with the range before. */
  readonly before?: readonly (number | null)[];
}

/** A chart with its data. */
export interface PanelData {
  readonly title: string;
  readonly help?: string;
  readonly unit: Unit;
  /** Window of the rates and percentiles, in milliseconds; absent if the chart has none. */
  readonly windowMs?: number;
  /** Milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  readonly series: readonly Line[];
  /** Number of lines that are left out. */
  readonly omitted: number;
  readonly thresholds: readonly Threshold[];
  /** True if the lines are parts of a whole, to be drawn on top of each other. */
  readonly isStacked?: boolean;
  /** The queries of the chart in PromQL. */
  readonly promQl: readonly string[];
}

/** A threshold of a vital, in the unit of its chart. */
export interface Threshold {
  readonly value: number;
  readonly severity: string;
}

/** A view with its data. */
export interface ViewData {
  readonly title: string;
  readonly empty: string;
  readonly panels: readonly PanelData[];
  /** Sentences about what the history lacks. */
  readonly notes?: readonly string[];
}

/** A reader of the data of views from the history. Its generators yield after each small step. */
export class ViewReader {
  constructor(
    private readonly history: DashboardHistory,
    private readonly thresholdsOf: (vital: VitalName) => readonly Threshold[],
    private readonly names = new ConventionalNames(conventionOfAll('prometheus')),
  ) {}

  /** Reads the data of a view. Charts without data are left out. */
  *read({ title, empty, panels }: View, range: TimeRange | number): Generator<void, ViewData, void> {
    const withData: PanelData[] = [];
    for (const panel of panels) {
      const data = yield* this.panel(panel, range);
      if (data.series.length > 0) withData.push(data);
    }
    return { title, empty, panels: withData };
  }

  /** Reads the data of one chart. */
  *panel(panel: Panel, within: TimeRange | number): Generator<void, PanelData, void> {
    const range = timeRangeOf(within);
    const present = panel.queries.filter(({ metric }) => this.history.typeOf(metric) !== undefined);
    const [first] = present;
    const times = first === undefined ? [] : chartTimes(this.history, first.metric, range, MAX_POINTS);
    const windowMs = this.windowOf(times);
    const { leftOut: leftOutBefore = 0 } = this.history;
    const current = yield* this.allLines(present, times, windowMs);
    const leftOut = (this.history.leftOut ?? 0) - leftOutBefore;
    const lines = range.isCompared
      ? withBefore(
          current,
          yield* this.allLines(present, earlier(times, range.rangeMs), windowMs),
          times.length,
        )
      : current;
    const { title, help, unit, threshold, thresholdScale = 1, isStacked } = panel;
    return {
      title,
      ...(help !== undefined && { help }),
      unit,
      ...(present.some(({ compute }) => compute !== 'value') && { windowMs }),
      times,
      series: (yield* highestLines(lines)).map(roundedLine),
      omitted: Math.max(0, lines.length - MAX_LINES) + leftOut,
      ...(isStacked === true && { isStacked }),
      promQl: present.map((query) =>
        promQlOfQuery(query, this.history.typeOf(query.metric) ?? 'gauge', windowMs, this.names),
      ),
      thresholds:
        threshold === undefined
          ? []
          : this.thresholdsOf(threshold).map(({ value, severity }) => ({
              value: value * thresholdScale,
              severity,
            })),
    };
  }

  /** Returns the window of rates and percentiles. One shorter than the gap between two points would skip samples. */
  private windowOf(times: readonly number[]): number {
    return Math.max(MIN_WINDOW_MS, this.history.intervalMs * MIN_WINDOW_INTERVALS, gapOf(times));
  }

  private *allLines(
    queries: readonly Query[],
    times: readonly number[],
    windowMs: number,
  ): Generator<void, Line[], void> {
    const lines: Line[] = [];
    for (const batch of batchPercentiles(queries)) {
      for (const line of yield* this.linesOf(batch, times, windowMs)) lines.push(line);
    }
    return lines;
  }

  /** @param queries several percentiles of the same series, or one query */
  private *linesOf(
    queries: readonly Query[],
    times: readonly number[],
    windowMs: number,
  ): Generator<void, Line[], void> {
    const { history } = this;
    const [first] = queries;
    if (first === undefined) return [];
    const { metric, compute, labels, groupBy = [], per, across } = first;
    const percentiles = queries.map((query) => query.compute).filter(isPercentile);
    const statistic = isPercentile(compute) ? { quantiles: percentiles.map(quantileOf) } : compute;
    const found = yield* history.queryRange(metric, statistic, windowMs, times, {
      groupBy,
      ...(labels && { labels }),
      ...(across && { across }),
    });
    if (per !== undefined) {
      const divisors = yield* history.queryRange(per, 'rate', windowMs, times, labels && { labels });
      divide(found, divisors[0]);
    }
    const lines: Line[] = [];
    for (const query of queries) {
      const quantile = isPercentile(query.compute) ? quantileOf(query.compute) : undefined;
      for (const series of found) {
        if (series.quantile !== quantile) continue;
        lines.push(lineOf(query, series));
        yield;
      }
    }
    return lines;
  }
}

/** Divides the values of series, in place, by those of another one; where it is zero they become unknown. */
function divide(all: readonly RangeSeries[], divisor: RangeSeries | undefined): void {
  for (const { values } of all) {
    for (const [i, value] of values.entries()) values[i] = value / (divisor?.values[i] || NaN);
  }
}

/** Groups percentiles of the same series, which one pass over the history computes. */
function batchPercentiles(queries: readonly Query[]): Query[][] {
  const batches = new Map<string, Query[]>();
  queries.forEach((query, i) => {
    const { metric, compute, labels, groupBy, per } = query;
    const isPlain = Object.values(labels ?? {}).every((matcher) => typeof matcher === 'string');
    const key = isPercentile(compute) && isPlain ? JSON.stringify([metric, labels, groupBy, per]) : String(i);
    const batch = batches.get(key);
    if (batch === undefined) batches.set(key, [query]);
    else batch.push(query);
  });
  return [...batches.values()];
}

function lineOf(query: Query, { labels, values }: RangeSeries): Line {
  const { scale = 1 } = query;
  return {
    name: nameOf(query, labels),
    values: Array.from(values, (value) => (Number.isFinite(value) ? value * scale : null)),
  };
}

function roundedLine({ name, values, before }: Line): Line {
  return { name, values: values.map(roundedPoint), ...(before && { before: before.map(roundedPoint) }) };
}

function roundedPoint(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

function earlier(times: readonly number[], rangeMs: number): number[] {
  return times.map((time) => time - rangeMs);
}

/** Adds the values of the range before to each line. A line that has ended since then has no other values. */
function withBefore(current: readonly Line[], before: readonly Line[], length: number): Line[] {
  const unknown = Array.from({ length }, () => null);
  const lines = new Map<string, Line>(current.map((line) => [line.name, { ...line, before: unknown }]));
  for (const { name, values } of before) {
    lines.set(name, { name, values: lines.get(name)?.values ?? unknown, before: values });
  }
  return [...lines.values()];
}

/** Returns the mean distance between two points, in milliseconds. */
function gapOf(times: readonly number[]): number {
  const [first = 0] = times;
  return times.length < 2 ? 0 : ((times.at(-1) ?? first) - first) / (times.length - 1);
}

function nameOf({ groupBy = [], legend }: Query, labels: Readonly<Record<string, string>>): string {
  const values = groupBy.flatMap((label) => (Object.hasOwn(labels, label) ? [labels[label]] : []));
  if (values.length === 0) return legend;
  return legend === '' ? values.join(' ') : `${values.join(' ')} ${legend}`;
}

function peakOf({ values, before = [] }: Line): number {
  return [...values, ...before].reduce<number>((peak, value) => Math.max(peak, value ?? 0), 0);
}

/** Returns the lines with the highest peaks. */
export function* highestLines(lines: readonly Line[]): Generator<void, Line[], void> {
  if (lines.length <= MAX_LINES) return [...lines];
  const peaks: { readonly line: Line; readonly peak: number }[] = [];
  for (const line of lines) {
    peaks.push({ line, peak: peakOf(line) });
    yield;
  }
  return peaks
    .toSorted((a, b) => b.peak - a.peak)
    .slice(0, MAX_LINES)
    .map(({ line }) => line);
}
