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
import type { Panel, Unit } from './views/panel.js';
import { unitOfMetric } from './views/unit-of-metric.js';
import type { PanelData, ViewReader } from './views/view-data.js';

/** So many series of a metric are shown; nobody reads more. */
const SHOWN_SERIES = 200;
/** So many series are looked at to tell which label has how many values. */
const EXAMINED_SERIES = 10_000;
const SHOWN_VALUES = 100;
/** So many series are looked at in one step. */
const STEP_SERIES = 100;

/** A metric in the list of all. */
export interface ListedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly seriesCount: number;
  /** How many values each label has, most first. */
  readonly labels: readonly { readonly name: string; readonly values: number }[];
}

/** One metric, seen from near. */
export interface ExploredMetric {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly unit: Unit;
  /** The series with the labels that were asked for, brought together. */
  readonly measurements: readonly { readonly statistic: string; readonly value: number }[];
  /** Labels that can still be asked for, and their values. */
  readonly availableTags: readonly { readonly tag: string; readonly values: readonly string[] }[];
  readonly series: readonly Readonly<Record<string, unknown>>[];
  readonly omitted: number;
  readonly promQl: readonly string[];
  readonly chart: PanelData;
}

/** Shows every metric there is, and each from near. */
export class MetricExplorer {
  /** The metric that was looked at last is remembered for its chart. */
  private release: () => void = () => undefined;
  private watched: string | undefined;

  constructor(
    private readonly source: MetricsSource,
    private readonly history: MetricsHistory,
    private readonly views: ViewReader,
  ) {}

  /** Lists every metric; yields after each small step. */
  *list(): Generator<void, ListedMetric[], void> {
    const listed: ListedMetric[] = [];
    for (const family of this.source.snapshot().families) {
      const { name, type, help, labelNames } = family;
      const values = labelNames.map(() => new Set<string>());
      let seriesCount = 0;
      for (const row of liveRows(family)) {
        if (++seriesCount > EXAMINED_SERIES) continue;
        const labels = family.identities.labelsOf(row);
        labelNames.forEach((label, i) => values[i].add(labels[label]));
        if (seriesCount % STEP_SERIES === 0) yield;
      }
      const labels = labelNames
        .map((label, i) => ({ name: label, values: values[i].size }))
        .toSorted((a, b) => b.values - a.values);
      listed.push({ name, type, help, seriesCount, labels });
      yield;
    }
    return listed;
  }

  /**
   * Reads a metric as it is now, to be explored.
   *
   * @param tags what labels have to be
   * @returns undefined if there is no such metric
   */
  async explore(
    name: string,
    tags: ReadonlyMap<string, string>,
    rangeMs: number,
  ): Promise<Generator<void, ExploredMetric | undefined, void>> {
    const snapshot = await this.source.collect({ exponential: new Set([name]) });
    return this.explored(
      snapshot.families.find((candidate) => candidate.name === name),
      tags,
      rangeMs,
    );
  }

  /** @returns undefined if there is no such metric, or no such series of it */
  private *explored(
    family: MetricFamily | undefined,
    tags: ReadonlyMap<string, string>,
    rangeMs: number,
  ): Generator<void, ExploredMetric | undefined, void> {
    if (family === undefined) return undefined;
    const { name } = family;
    this.watch(name);
    const matching: AnySeries[] = [];
    let examined = 0;
    for (const series of family.series) {
      if (hasTags(series.labels, tags)) matching.push(series);
      if (++examined % STEP_SERIES === 0) yield;
    }
    if (matching.length === 0 && tags.size > 0) return undefined;
    const labels = Object.fromEntries(tags);
    const unit = unitOfMetric(name, family.type);
    const chart = yield* this.views.panel(chartOf(family, labels, unit), rangeMs);
    return {
      name,
      description: family.help,
      type: family.type,
      unit,
      measurements: measurementsOf(family, matching),
      availableTags: family.labelNames
        .filter((tag) => !tags.has(tag))
        .map((tag) => ({ tag, values: valuesOf(matching, tag) })),
      series: matching.slice(0, SHOWN_SERIES).map(shownSeries),
      omitted: Math.max(0, matching.length - SHOWN_SERIES),
      promQl: suggestedQueries(family, labels),
      chart,
    };
  }

  /** From now on its samples are kept, in place of those of the metric before. */
  private watch(metric: string): void {
    if (this.watched === metric) return;
    this.release();
    this.watched = metric;
    this.release = this.history.retain({ metric, bestEffort: true });
  }
}

function hasTags(labels: Readonly<Record<string, string>>, tags: ReadonlyMap<string, string>): boolean {
  for (const [tag, value] of tags) if (!Object.hasOwn(labels, tag) || labels[tag] !== value) return false;
  return true;
}

type AnySeries = { readonly labels: Readonly<Record<string, string>> };

function valuesOf(series: readonly AnySeries[], tag: string): string[] {
  return [...new Set(series.map(({ labels }) => labels[tag] ?? ''))].toSorted().slice(0, SHOWN_VALUES);
}

function measurementsOf(
  { type }: MetricFamily,
  series: readonly AnySeries[],
): { statistic: string; value: number }[] {
  if (series.length === 0) return [];
  if (type === 'histogram') {
    const histograms = series as readonly HistogramSeriesSnapshot[];
    // Not spread as arguments: there may be more series than a call can take.
    const highest = histograms.reduce((most, { max }) => (max > most ? max : most), 0);
    return [
      { statistic: 'COUNT', value: sumOf(histograms.map(({ count }) => count)) },
      { statistic: 'TOTAL', value: rounded(sumOf(histograms.map(({ sum }) => sum))) },
      { statistic: 'MAX', value: rounded(highest) },
    ];
  }
  const values = (series as unknown as readonly { readonly value: number }[]).map(({ value }) => value);
  return [{ statistic: type === 'counter' ? 'COUNT' : 'VALUE', value: rounded(sumOf(values)) }];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function shownSeries(series: AnySeries): Readonly<Record<string, unknown>> {
  if (!('buckets' in series)) {
    const scalar = series as ScalarSeriesSnapshot;
    return { ...scalar, value: rounded(scalar.value) };
  }
  const { labels, count, sum, min, max, exponential } = series as unknown as HistogramSeriesSnapshot;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map(
    (q) => exponential && quantileWithin(exponential, q, min, max),
  );
  return { labels, count, sum: rounded(sum), p50, p95, p99 };
}

/** An estimate never leaves what was observed. */
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
    const queries = (['p50', 'p95', 'p99'] as const).map(
      (compute) => ({ metric: name, compute, labels, legend: compute }) as const,
    );
    return { title: name, help, unit, queries };
  }
  const isCounter = type === 'counter';
  return {
    title: isCounter ? `${name}, per second` : name,
    help,
    unit: isCounter ? (unit === 'bytes' ? 'bytes per second' : 'per second') : unit,
    queries: [{ metric: name, compute: isCounter ? 'rate' : 'value', labels, groupBy, legend: '' }],
  };
}
