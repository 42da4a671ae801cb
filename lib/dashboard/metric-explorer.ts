import type { MetricsHistory } from '../history/metrics-history.js';
import { quantileOf } from '../metrics/exponential-histogram.js';
import type { MetricsSource } from '../metrics/registry.js';
import { type HistogramSeriesSnapshot, liveRows, type MetricFamily } from '../metrics/snapshot.js';
import { promQlOf } from './promql.js';
import type { Panel, Unit } from './views/panel.js';
import { unitOfMetric } from './views/unit-of-metric.js';
import type { PanelData, ViewReader } from './views/view-data.js';

/** So many series of a metric are shown; nobody reads more. */
const SHOWN_SERIES = 200;
/** So many series are looked at to tell which label has how many values. */
const EXAMINED_SERIES = 10_000;
const SHOWN_VALUES = 100;

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

  list(): ListedMetric[] {
    return this.source.snapshot().families.map((family) => {
      const labelSets = labelSetsOf(family);
      const { name, type, help, labelNames } = family;
      const labels = labelNames
        .map((label) => ({ name: label, values: new Set(labelSets.map((set) => set[label])).size }))
        .toSorted((a, b) => b.values - a.values);
      return { name, type, help, seriesCount: countOf(family), labels };
    });
  }

  /**
   * @param tags what labels have to be
   * @returns undefined if there is no such metric, or no such series of it
   */
  async explore(
    name: string,
    tags: ReadonlyMap<string, string>,
    rangeMs: number,
  ): Promise<ExploredMetric | undefined> {
    const snapshot = await this.source.collect({ exponential: new Set([name]) });
    const family = snapshot.families.find((candidate) => candidate.name === name);
    if (family === undefined) return undefined;
    this.watch(name);
    const matching = [...family.series].filter(({ labels }) =>
      [...tags].every(([tag, value]) => labels[tag] === value),
    );
    if (matching.length === 0 && tags.size > 0) return undefined;
    const labels = Object.fromEntries(tags);
    const unit = unitOfMetric(name, family.type);
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
      promQl: promQlOf(family, labels),
      chart: this.views.panel(chartOf(family, labels, unit), rangeMs),
    };
  }

  /** From now on its samples are kept, in place of those of the metric before. */
  private watch(metric: string): void {
    if (this.watched === metric) return;
    this.release();
    this.watched = metric;
    this.release = this.history.keep({ metric, bestEffort: true });
  }
}

function countOf(family: MetricFamily): number {
  let count = 0;
  for (const _ of liveRows(family)) count++;
  return count;
}

function labelSetsOf(family: MetricFamily): Record<string, string>[] {
  const sets: Record<string, string>[] = [];
  for (const row of liveRows(family)) {
    if (sets.length === EXAMINED_SERIES) break;
    sets.push(family.identities.labelsOf(row));
  }
  return sets;
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
    return [
      { statistic: 'COUNT', value: sumOf(histograms.map(({ count }) => count)) },
      { statistic: 'TOTAL', value: sumOf(histograms.map(({ sum }) => sum)) },
      { statistic: 'MAX', value: Math.max(...histograms.map(({ max }) => (Number.isNaN(max) ? 0 : max))) },
    ];
  }
  const values = (series as unknown as readonly { readonly value: number }[]).map(({ value }) => value);
  return [{ statistic: type === 'counter' ? 'COUNT' : 'VALUE', value: sumOf(values) }];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function shownSeries(series: AnySeries): Readonly<Record<string, unknown>> {
  if (!('buckets' in series)) return series;
  const { labels, count, sum, exponential } = series as unknown as HistogramSeriesSnapshot;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => exponential && quantileOf(exponential, q));
  return { labels, count, sum, p50, p95, p99 };
}

function chartOf(
  { name, type, labelNames, help }: MetricFamily,
  labels: Readonly<Record<string, string>>,
  unit: Unit,
): Panel {
  const groupBy = labelNames.filter((label) => !(label in labels));
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
