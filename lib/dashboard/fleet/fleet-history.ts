import type { Aggregation } from '../../metrics/metric-definition.js';
import { PROCESS_METRICS } from '../../metrics/metric-names.js';
import type { MetricType } from '../../metrics/naming-rules.js';
import { type Expression, selectionsOf } from '../../query/expression.js';
import { durationOf, promqlOf } from '../../query/promql.js';
import { TARGET_LABELS, withLabels } from '../../query/target-labels.js';
import { isKnown, type RangeSeries, type RangeStatistic } from '../../query/range-query.js';
import type { DashboardHistory, DashboardQueryOptions } from '../dashboard-history.js';
import {
  type FleetQuestion,
  type FleetScope,
  exportedIn,
  labelsInAnswer,
  promqlOfBuckets,
  promqlOfOwnQuestion,
  selectorInScope,
} from './fleet-question.js';
import type { PrometheusSeries } from './prometheus-answer.js';
import type { PrometheusQuery } from './prometheus.client.js';

/** The most points of a line, and the distances that two of them can have, in seconds. */
const MAX_POINTS = 240;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];
/** The most evaluations of a subquery. */
const MAX_SUBQUERY_STEPS = 60;
/** The steps at the end of a subquery that are evaluated again, with shorter ones. */
const FINER_STEPS = 10;

/** The definition of a metric, as far as its query depends on it. */
export interface MetricKind {
  readonly type: MetricType;
  readonly aggregate: Aggregation | undefined;
}

/** The answer to one query. */
export interface FleetAnswer {
  readonly series: readonly PrometheusSeries[];
  /** Number of further series, which were too many. */
  readonly leftOut: number;
}

/** The time that a {@link FleetHistory} is about, in milliseconds. */
export interface FleetTime {
  /** End of the range, since the Unix epoch. */
  readonly at: number;
  readonly rangeMs: number;
  /** Interval between two scrapes, in milliseconds. */
  readonly scrapeIntervalMs: number;
}

/**
 * A history of all instances, or of one, in Prometheus. Code that reads a history reads it twice: at first every question
 * is noted and answered by nothing, and once Prometheus has answered, {@link answer} has the figures.
 */
export class FleetHistory implements DashboardHistory {
  readonly lastSample: number;
  readonly intervalMs: number;
  /** The number of series that the answers read so far have left out. */
  leftOut = 0;
  private readonly answers = new Map<string, FleetAnswer>();
  private readonly open = new Map<string, PrometheusQuery>();

  constructor(
    private readonly local: DashboardHistory,
    private readonly kindOf: (metric: string) => MetricKind | undefined,
    private readonly scope: FleetScope,
    private readonly time: FleetTime,
  ) {
    this.lastSample = time.at;
    this.intervalMs = time.scrapeIntervalMs;
  }

  /** Label with the name of an instance. */
  get instanceLabel(): string {
    return this.scope.instanceLabel;
  }

  /** The queries that have no answer yet. */
  get pending(): readonly PrometheusQuery[] {
    return [...this.open.values()];
  }

  /** Stores the answer to a query. */
  answer(query: PrometheusQuery, answer: FleetAnswer): void {
    const key = keyOf(query);
    this.open.delete(key);
    this.answers.set(key, answer);
  }

  typeOf(metric: string): MetricType | undefined {
    return this.kindOf(metric)?.type;
  }

  metrics(): ReturnType<DashboardHistory['metrics']> {
    return this.local.metrics();
  }

  series(...args: Parameters<DashboardHistory['series']>): ReturnType<DashboardHistory['series']> {
    return this.local.series(...args);
  }

  /** Returns the times of the points of a chart, oldest first. */
  timestamps(): number[] {
    const { at, rangeMs, scrapeIntervalMs } = this.time;
    const least = Math.max(rangeMs / MAX_POINTS, scrapeIntervalMs) / 1000;
    const stepMs = (STEPS.find((step) => step >= least) ?? Math.ceil(least)) * 1000;
    const count = Math.max(1, Math.floor(rangeMs / stepMs));
    return Array.from({ length: count }, (_, i) => at - (count - 1 - i) * stepMs);
  }

  /** Returns the part of a window in which Prometheus knows the application, in milliseconds. */
  coveredMs(
    _metric: string,
    windowMs: number,
    { at = this.time.at }: Parameters<DashboardHistory['coveredMs']>[2] = {},
  ): number {
    const start = selectorInScope({ metric: PROCESS_METRICS.startTime, labels: {} }, this.scope);
    const found = subqueriesOf(windowMs, this.intervalMs).map(([spanMs, stepMs]) => {
      const times = `timestamp(${start})[${durationOf(spanMs)}:${durationOf(stepMs)}]`;
      const [first] = this.ask({ promql: `min(min_over_time(${times}))`, start: at, end: at, stepMs: 0 });
      return first?.values[0] ?? Infinity;
    });
    const since = Math.min(...found.filter((seconds) => Number.isFinite(seconds)));
    return since === Infinity ? 0 : Math.min(windowMs, Math.max(1_000, at - since * 1000));
  }

  // oxlint-disable-next-line require-yield -- the interface of a history that computes in steps
  *queryRange(
    metric: string,
    statistic: RangeStatistic,
    windowMs: number,
    moments: readonly number[],
    { labels = {}, groupBy = [], across }: DashboardQueryOptions = {},
  ): Generator<void, RangeSeries[], void> {
    const kind = this.kindOf(metric);
    const [start] = moments;
    const end = moments.at(-1);
    if (kind === undefined || start === undefined || end === undefined) return [];
    const question = { metric, ...kind, windowMs, labels, groupBy, ...(across && { across }) };
    const stepMs = moments.length === 1 ? 0 : (end - start) / (moments.length - 1);
    if (typeof statistic !== 'object') {
      return this.seriesOf({ ...question, statistic }, { start, end, stepMs }, moments);
    }
    return statistic.quantiles.flatMap((quantile) =>
      this.seriesOf({ ...question, statistic: { quantile } }, { start, end, stepMs }, moments).map(
        (series) => ({ ...series, quantile }),
      ),
    );
  }

  // oxlint-disable-next-line require-yield -- the interface of a history that computes in steps
  *bucketCounts(
    ...[metric, [start, ...ends], labels = {}]: Parameters<DashboardHistory['bucketCounts']>
  ): ReturnType<DashboardHistory['bucketCounts']> {
    const [first] = ends;
    const last = ends.at(-1);
    if (this.typeOf(metric) !== 'histogram' || start === undefined) return undefined;
    if (first === undefined || last === undefined) return undefined;
    const stepMs = ends.length === 1 ? 0 : Math.round((last - first) / (ends.length - 1));
    const windowMs = stepMs === 0 ? first - start : stepMs;
    const promql = promqlOfBuckets({ metric, labels }, windowMs, this.scope);
    const buckets = this.ask({ promql, start: first, end: last, stepMs })
      .map((series) => ({ bound: boundOf(series.labels['le']), series }))
      .filter(({ bound }) => !Number.isNaN(bound))
      .toSorted((a, b) => a.bound - b.bound);
    let below = new Float64Array(ends.length);
    const counts = buckets.map(({ series }) => {
      const total = new Float64Array(ends.length);
      series.times.forEach((seconds, i) => {
        const index = stepMs === 0 ? 0 : Math.round((seconds * 1000 - first) / stepMs);
        if (index >= 0 && index < total.length) total[index] = series.values[i] ?? 0;
      });
      // Each bucket of a histogram contains the one below it.
      const own = total.map((count, i) => Math.max(0, Math.round(count - (below[i] ?? 0))));
      below = total;
      return own;
    });
    return { upperBounds: buckets.map(({ bound }) => bound).filter(Number.isFinite), counts };
  }

  // oxlint-disable-next-line require-yield -- the interface of a history that computes in steps
  *expressionRange(expression: Expression, moments: readonly number[]): Generator<void, RangeSeries[], void> {
    const [start] = moments;
    const end = moments.at(-1);
    if (start === undefined || end === undefined) return [];
    const stepMs = moments.length === 1 ? 0 : (end - start) / (moments.length - 1);
    const { names, matchers } = this.scope;
    const exported = exportedIn(this.scope);
    const promql = promqlOf(withLabels(names.translate(expression), exported), matchers);
    const renames = names.renamesOf(selectionsOf(expression).map(({ of }) => of.metric));
    const ours = new Map([
      ...(this.scope.targetLabels ?? TARGET_LABELS).map((label) => [exported(label), label] as const),
      ...Array.from(renames, ([own, theirs]) => [theirs, own] as const),
    ]);
    return this.ask({ promql, start, end, stepMs }).flatMap(({ labels, ...points }) => {
      const values = valuesAt(points, { start, stepMs }, moments.length);
      const own = Object.entries(labels).flatMap(([name, value]) =>
        name === '__name__' ? [] : [[ours.get(name) ?? name, value]],
      );
      return isKnown(values) ? [{ labels: Object.fromEntries(own) as Record<string, string>, values }] : [];
    });
  }

  private seriesOf(
    question: FleetQuestion,
    times: Omit<PrometheusQuery, 'promql'>,
    moments: readonly number[],
  ): RangeSeries[] {
    const { start, stepMs } = times;
    const promql = promqlOfOwnQuestion(question, this.scope);
    const names = labelsInAnswer(question, this.scope);
    return this.ask({ promql, ...times }).flatMap((series) => {
      const values = valuesAt(series, { start, stepMs }, moments.length);
      return isKnown(values) ? [{ labels: ownLabels(series.labels, names), values }] : [];
    });
  }

  /** Returns the answer to a query; nothing if it is not there yet, and notes the query. */
  private ask(query: PrometheusQuery): readonly PrometheusSeries[] {
    const key = keyOf(query);
    const answer = this.answers.get(key);
    if (answer === undefined) {
      this.open.set(key, query);
      return [];
    }
    this.leftOut += answer.leftOut;
    return answer.series;
  }
}

/**
 * Returns the spans and the steps, in milliseconds, of the subqueries that look for the first scrape in a window. Each
 * finds one to within its step. One within the last {@link FINER_STEPS} steps is looked for with shorter ones, so that at
 * most a tenth of what is covered is missed.
 */
function subqueriesOf(windowMs: number, scrapeIntervalMs: number): [spanMs: number, stepMs: number][] {
  const stepMs = Math.ceil(windowMs / MAX_SUBQUERY_STEPS / 1000) * 1000;
  const own: [number, number] = [windowMs, stepMs];
  return stepMs <= scrapeIntervalMs ? [own] : [own, ...subqueriesOf(FINER_STEPS * stepMs, scrapeIntervalMs)];
}

/** Returns the values of a series at times in equal distances; NaN where it has none. */
function valuesAt(
  series: Pick<PrometheusSeries, 'times' | 'values'>,
  { start, stepMs }: Pick<PrometheusQuery, 'start' | 'stepMs'>,
  count: number,
): Float64Array {
  const values = new Float64Array(count).fill(NaN);
  series.times.forEach((seconds, i) => {
    const index = stepMs === 0 ? 0 : Math.round((seconds * 1000 - start) / stepMs);
    if (index >= 0 && index < values.length) values[index] = series.values[i] ?? NaN;
  });
  return values;
}

function keyOf({ promql, start, end, stepMs }: PrometheusQuery): string {
  return JSON.stringify([promql, start, end, stepMs]);
}

/** Returns the upper bound of a bucket; NaN for a text that is none. */
function boundOf(le = ''): number {
  return le === '' ? NaN : Number(le.replace(/^\+?Inf$/, 'Infinity'));
}

/** Returns the grouping labels by our names; empty ones are left out. */
function ownLabels(
  labels: Readonly<Record<string, string>>,
  names: ReadonlyMap<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Array.from(
      names,
      ([own, name]) => [own, Object.hasOwn(labels, name) ? labels[name] : ''] as const,
    ).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
}
