import type { MetricsHistory } from '../../query/metrics-history.js';
import type { RangeSeries } from '../../query/range-query.js';
import type { VitalName } from '../../query/vital-expressions.js';
import { rounded } from '../rounding.js';
import type { Computation, Panel, Query, Unit, View } from './panel.js';

/** More lines than this are not told apart; the highest ones are shown. */
const MAX_LINES = 8;
/** More points than this are not told apart on a screen. */
const MAX_POINTS = 500;
/** The window of a rate or a percentile: as short as it can be and still have samples to compare. */
const WINDOW_INTERVALS = 4;
const SHORTEST_WINDOW_MS = 60_000;

/** A line that has been drawn: null where nothing is known. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** A chart with its numbers. */
export interface PanelData {
  readonly title: string;
  readonly help?: string;
  readonly unit: Unit;
  /** Milliseconds since the Unix epoch. */
  readonly times: readonly number[];
  readonly series: readonly Line[];
  readonly omitted: number;
  readonly thresholds: readonly Threshold[];
}

export interface Threshold {
  readonly value: number;
  readonly severity: string;
}

export interface ViewData {
  readonly title: string;
  readonly empty: string;
  readonly panels: readonly PanelData[];
}

/** Draws the charts of views; each step of the work is small, and yields. */
export class ViewReader {
  constructor(
    private readonly history: MetricsHistory,
    private readonly thresholdsOf: (vital: VitalName) => readonly Threshold[],
  ) {}

  /**
   * Draws a view; charts without data are left out.
   *
   * @param rangeMs how far back, in milliseconds
   */
  *read({ title, empty, panels }: View, rangeMs: number): Generator<void, ViewData, void> {
    const drawn: PanelData[] = [];
    for (const panel of panels) {
      const data = yield* this.panel(panel, rangeMs);
      if (data.series.length > 0) drawn.push(data);
    }
    return { title, empty, panels: drawn };
  }

  /** Draws one chart. */
  *panel(panel: Panel, rangeMs: number): Generator<void, PanelData, void> {
    const present = panel.queries.filter(({ metric }) => this.history.typeOf(metric) !== undefined);
    const times = present.length === 0 ? [] : this.momentsOf(present[0].metric, rangeMs);
    const lines: Line[] = [];
    for (const queries of samePass(present)) lines.push(...(yield* this.linesOf(queries, times)));
    const { title, help, unit, threshold, thresholdScale = 1 } = panel;
    return {
      title,
      ...(help !== undefined && { help }),
      unit,
      times,
      series: (yield* highest(lines)).map(withoutNoise),
      omitted: Math.max(0, lines.length - MAX_LINES),
      thresholds:
        threshold === undefined
          ? []
          : this.thresholdsOf(threshold).map(({ value, severity }) => ({
              value: value * thresholdScale,
              severity,
            })),
    };
  }

  /** Returns when samples were taken, the last one included; of more than can be told apart every so manieth. */
  private momentsOf(metric: string, rangeMs: number): number[] {
    const until = this.history.lastSample ?? 0;
    const times = this.history.timestamps(metric).filter((time) => time > until - rangeMs);
    const step = Math.ceil(times.length / MAX_POINTS);
    return step <= 1 ? times : times.filter((_, i) => (times.length - 1 - i) % step === 0);
  }

  /** @param queries several percentiles of the same series, or one query */
  private *linesOf(queries: readonly Query[], times: readonly number[]): Generator<void, Line[], void> {
    const { history } = this;
    const [{ metric, compute, labels, groupBy = [] }] = queries;
    const windowMs = Math.max(SHORTEST_WINDOW_MS, history.intervalMs * WINDOW_INTERVALS, gapOf(times));
    const quantiles = queries.flatMap((query) => quantileOf(query.compute) ?? []);
    const number = isPercentile(compute) ? { quantiles } : compute;
    const courses = yield* history.queryRange(metric, number, windowMs, times, {
      groupBy,
      ...(labels && { labels }),
    });
    const lines: Line[] = [];
    for (const query of queries) {
      const quantile = quantileOf(query.compute);
      for (const course of courses) {
        if (course.quantile !== quantile) continue;
        lines.push(lineOf(query, course));
        yield;
      }
    }
    return lines;
  }
}

type Percentile = Extract<Computation, `p${number}`>;

function isPercentile(compute: Computation): compute is Percentile {
  return quantileOf(compute) !== undefined;
}

function quantileOf(compute: Computation): number | undefined {
  return /^p\d+$/.test(compute) ? Number(compute.slice(1)) / 100 : undefined;
}

/** Puts together percentiles of the same series, which are read at once. */
function samePass(queries: readonly Query[]): Query[][] {
  const passes = new Map<string, Query[]>();
  queries.forEach((query, i) => {
    const { metric, compute, labels, groupBy } = query;
    const isPlain = Object.values(labels ?? {}).every((matcher) => typeof matcher === 'string');
    const key = isPercentile(compute) && isPlain ? JSON.stringify([metric, labels, groupBy]) : String(i);
    const pass = passes.get(key);
    if (pass === undefined) passes.set(key, [query]);
    else pass.push(query);
  });
  return [...passes.values()];
}

function lineOf(query: Query, { labels, values }: RangeSeries): Line {
  const { scale = 1 } = query;
  return {
    name: nameOf(query, labels),
    values: Array.from(values, (value) => (Number.isFinite(value) ? value * scale : null)),
  };
}

function withoutNoise({ name, values }: Line): Line {
  return { name, values: values.map((value) => (value === null ? null : rounded(value))) };
}

/** Returns how far two points are apart: a window that is shorter would leave something out. */
function gapOf(times: readonly number[]): number {
  return times.length < 2 ? 0 : (times[times.length - 1] - times[0]) / (times.length - 1);
}

function nameOf({ groupBy = [], legend }: Query, labels: Readonly<Record<string, string>>): string {
  const values = groupBy.flatMap((label) => (Object.hasOwn(labels, label) ? [labels[label]] : []));
  if (values.length === 0) return legend;
  return legend === '' ? values.join(' ') : `${values.join(' ')} ${legend}`;
}

function* highest(lines: readonly Line[]): Generator<void, Line[], void> {
  if (lines.length <= MAX_LINES) return [...lines];
  const peaks: { readonly line: Line; readonly peak: number }[] = [];
  for (const line of lines) {
    peaks.push({ line, peak: line.values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0) });
    yield;
  }
  return peaks
    .toSorted((a, b) => b.peak - a.peak)
    .slice(0, MAX_LINES)
    .map(({ line }) => line);
}
