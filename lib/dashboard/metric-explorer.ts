import type { ConventionalNames } from '../query/conventional-names.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import { type ExponentialHistogramSnapshot, quantileOf } from '../metrics/exponential-histogram.js';
import type { MetricsSource } from '../metrics/registry.js';
import {
  type HistogramSeriesSnapshot,
  liveRows,
  type MetricFamily,
  type ScalarSeriesSnapshot,
} from '../metrics/snapshot.js';
import { rounded } from './rounding.js';
import { suggestedQueries } from '../query/suggested-promql.js';
import { type Panel, percentiles, type Unit } from './views/panel.js';
import type { TimeRange } from './views/time-range.js';
import { unitOfMetric, unitOfRate } from './views/unit-of-metric.js';
import type { PanelData, ViewReader } from './views/view-data.js';

/** The most series of a metric in a response. */
const MAX_SHOWN_SERIES = 200;
/** The most series of a metric whose label values are counted. */
const MAX_COUNTED_SERIES = 10_000;
/** The most values of a label in a response. */
const MAX_SHOWN_VALUES = 100;
/** The number of series read in one step. */
const SERIES_PER_STEP = 100;

/** A metric in the list of all metrics. */
export interface ListedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly seriesCount: number;
  /** Number of values of each label, in descending order. */
  readonly labels: readonly { readonly name: string; readonly values: number }[];
}

/** One metric with its series. */
export interface ExploredMetric {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly unit: Unit;
  /** Totals of the series that match the tags. */
  readonly measurements: readonly { readonly statistic: string; readonly value: number }[];
  /** Further labels to filter by, and their values. */
  readonly availableTags: readonly { readonly tag: string; readonly values: readonly string[] }[];
  readonly series: readonly Readonly<Record<string, unknown>>[];
  /** Number of matching series that are left out. */
  readonly omitted: number;
  readonly promQl: readonly string[];
  readonly chart: PanelData;
}

/** The data of the metrics page: the list of all metrics, and each metric with its series. */
export class MetricExplorer {
  /** The last explored metric, whose samples the history retains for the chart. */
  private retained: string | undefined;
  private release: () => void = () => undefined;

  constructor(
    private readonly source: MetricsSource,
    private readonly history: MetricsHistory,
    private readonly views: ViewReader,
    private readonly names?: ConventionalNames,
  ) {}

  /** Returns all metrics. Yields after each small step. */
  *list(): Generator<void, ListedMetric[], void> {
    const metrics: ListedMetric[] = [];
    for (const family of this.source.snapshot().families) {
      const { name, type, help, labelNames } = family;
      const values = new Map(labelNames.map((label) => [label, new Set<string | undefined>()]));
      let seriesCount = 0;
      for (const row of liveRows(family)) {
        if (++seriesCount > MAX_COUNTED_SERIES) continue;
        const labels = family.identities.labelsOf(row);
        for (const [label, seen] of values) seen.add(labels[label]);
        if (seriesCount % SERIES_PER_STEP === 0) yield;
      }
      metrics.push({ name, type, help, seriesCount, labels: byCount(values) });
      yield;
    }
    return metrics;
  }

  /**
   * Collects a metric, and returns a generator of its details that yields after each small step.
   *
   * @param tags label values that the series must have
   * @param views reader of the chart; the series are those of this process
   */
  async explore(
    name: string,
    tags: ReadonlyMap<string, string>,
    range: TimeRange | number,
    views = this.views,
  ): Promise<Generator<void, ExploredMetric | undefined, void>> {
    const snapshot = await this.source.collect({ exponential: new Set([name]) });
    return this.details(
      snapshot.families.find((candidate) => candidate.name === name),
      tags,
      range,
      views,
    );
  }

  /** @returns undefined if no such metric exists, or no series of it matches */
  private *details(
    family: MetricFamily | undefined,
    tags: ReadonlyMap<string, string>,
    range: TimeRange | number,
    views: ViewReader,
  ): Generator<void, ExploredMetric | undefined, void> {
    if (family === undefined) return undefined;
    const { name } = family;
    this.retain(name);
    const matching: AnySeries[] = [];
    let examined = 0;
    for (const series of family.series) {
      if (hasTags(series.labels, tags)) matching.push(series);
      if (++examined % SERIES_PER_STEP === 0) yield;
    }
    if (matching.length === 0 && tags.size > 0) return undefined;
    const labels = Object.fromEntries(tags);
    const unit = unitOfMetric(name, family.type);
    const chart = yield* views.panel(chartOf(family, labels, unit), range);
    return {
      name,
      description: family.help,
      type: family.type,
      unit,
      measurements: measurementsOf(family, matching),
      availableTags: family.labelNames
        .filter((tag) => !tags.has(tag))
        .map((tag) => ({ tag, values: valuesOf(matching, tag) })),
      series: largest(matching).map(toSeriesRow),
      omitted: Math.max(0, matching.length - MAX_SHOWN_SERIES),
      promQl: suggestedQueries(family, labels, this.names),
      chart,
    };
  }

  /** Retains the samples of a metric, and releases those of the previous one. */
  private retain(metric: string): void {
    if (this.retained === metric) return;
    this.release();
    this.retained = metric;
    this.release = this.history.retain({ metric, bestEffort: true });
  }
}

/** Returns the labels by number of values, in descending order. */
function byCount(values: ReadonlyMap<string, ReadonlySet<unknown>>): ListedMetric['labels'] {
  return Array.from(values, ([name, { size }]) => ({ name, values: size })).toSorted(
    (a, b) => b.values - a.values,
  );
}

function hasTags(labels: Readonly<Record<string, string>>, tags: ReadonlyMap<string, string>): boolean {
  for (const [tag, value] of tags) if (!Object.hasOwn(labels, tag) || labels[tag] !== value) return false;
  return true;
}

type AnySeries = ScalarSeriesSnapshot | HistogramSeriesSnapshot;

/** Returns the series with the largest values, or of a histogram those with the most; the largest first. */
function largest(series: readonly AnySeries[]): readonly AnySeries[] {
  const sizeOf = (each: AnySeries): number => ('buckets' in each ? each.count : each.value);
  // NaN is no value to compare with.
  const bySize = (a: AnySeries, b: AnySeries): number => (sizeOf(b) || 0) - (sizeOf(a) || 0);
  return series.toSorted(bySize).slice(0, MAX_SHOWN_SERIES);
}

function valuesOf(series: readonly AnySeries[], tag: string): string[] {
  return [...new Set(series.map(({ labels }) => labels[tag] ?? ''))].toSorted().slice(0, MAX_SHOWN_VALUES);
}

function measurementsOf(
  { type }: MetricFamily,
  series: readonly AnySeries[],
): { statistic: string; value: number }[] {
  if (series.length === 0) return [];
  if (type === 'histogram') {
    const histograms = series.filter((each) => 'buckets' in each);
    // Math.max() cannot take an argument for each of very many series.
    const highest = histograms.reduce((highestSoFar, { max }) => Math.max(highestSoFar, max), 0);
    return [
      { statistic: 'COUNT', value: sumOf(histograms.map(({ count }) => count)) },
      { statistic: 'TOTAL', value: rounded(sumOf(histograms.map(({ sum }) => sum))) },
      { statistic: 'MAX', value: rounded(highest) },
    ];
  }
  const values = series.flatMap((each) => ('value' in each ? [each.value] : []));
  return [{ statistic: type === 'counter' ? 'COUNT' : 'VALUE', value: rounded(sumOf(values)) }];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function toSeriesRow(series: AnySeries): Readonly<Record<string, unknown>> {
  if (!('buckets' in series)) {
    return { ...series, value: rounded(series.value) };
  }
  const { labels, count, sum, min, max, exponential } = series;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map(
    (q) => exponential && quantileWithin(exponential, q, min, max),
  );
  return { labels, count, sum: rounded(sum), p50, p95, p99 };
}

/** Returns a quantile, clamped to the observed range: the estimate of a bucket may lie outside of it. */
function quantileWithin(
  histogram: ExponentialHistogramSnapshot,
  q: number,
  min: number,
  max: number,
): number {
  return rounded(Math.min(Math.max(quantileOf(histogram, q), min), max));
}

function chartOf(
  { name, type, labelNames, help }: MetricFamily,
  labels: Readonly<Record<string, string>>,
  unit: Unit,
): Panel {
  const groupBy = labelNames.filter((label) => !Object.hasOwn(labels, label));
  if (type === 'histogram') {
    return { title: name, help, unit, queries: percentiles(name, labels) };
  }
  const isCounter = type === 'counter';
  return {
    title: isCounter ? `${name} (per second)` : name,
    help,
    unit: isCounter ? unitOfRate(unit) : unit,
    queries: [{ metric: name, compute: isCounter ? 'rate' : 'value', labels, groupBy, legend: '' }],
  };
}
