import type { Guard } from '../primitives/guard.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { DEFAULT_BUCKETS } from './buckets.js';
import { type Clock, systemClock } from './clock.js';
import { callbackGuard } from './error-reports.js';
import { guardedClock } from './guarded-clock.js';
import { CollectorReports } from './collector-reports.js';
import { CollectorSet } from './collector-set.js';
import type { Collector } from './collector.js';
import { Counter, type CounterSeries } from './counter.js';
import { DisabledCounter, DisabledGauge, DisabledHistogram, DisabledTimer } from './disabled.js';
import { MetricDefinitionError } from './errors.js';
import type { ExemplarSource } from './exemplars.js';
import { Gauge, type GaugeSeries } from './gauge.js';
import { Histogram, type HistogramSeries } from './histogram.js';
import { assertLabelNames, toLabelString } from './labels.js';
import {
  assertSameDefinition,
  type BoundMetricOptions,
  type BucketOptions,
  checkedAggregate,
  checkedSeriesLimit,
  describeMetric,
  type GaugeOptions,
  type GivenOptions,
  type MetricDefinition,
  type MetricKind,
  type MetricOptions,
} from './metric-definition.js';
import type { Metric, MetricHost, SnapshotOptions } from './metric.js';
import { assertMetricName, claimedNames, type MetricType, namingAdvice } from './naming.js';
import type { MetricsSnapshot } from './snapshot.js';
import { Timer, type TimerSeries } from './timer.js';

/** Where a registry says what is worth a look; the `Logger` of Nest fits. */
export interface WarningLogger {
  /** Says it once; what it throws is ignored. */
  warn(message: string): void;
}

/** Options of a {@link MetricsRegistry}. */
export interface MetricsRegistryOptions {
  /**
   * Whether anything is recorded. When it is false, every instrument does nothing.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Labels that every series has beside its own, which win where the names are equal.
   * @default {}
   */
  readonly defaultLabels?: Readonly<Record<string, LabelInput>>;
  /**
   * How many series a metric may have. The samples of any further label sets go to one overflow series, so that
   * memory is bounded and totals stay exact.
   * @default 1000
   */
  readonly seriesLimit?: number;
  /**
   * Length of a label value, in UTF-16 code units, from which on it is cut and marked with `…`. Values that begin alike
   * and differ only beyond it are then one series. Each cut is counted in `monitoring_truncated_label_values_total`.
   * @default 1024
   */
  readonly labelValueLengthLimit?: number;
  /**
   * Asked for the exemplars of counters and histograms, at most once a second for each of their numbers.
   * @default only those that are given with a sample
   */
  readonly exemplars?: ExemplarSource | undefined;
  /** @default the clock of the machine */
  readonly clock?: Clock;
  /** @default warnings of the process, printed once each */
  readonly logger?: WarningLogger;
}

type LabelInput = string | number | boolean;

/** The side of a registry that exporters, health, alerting and the dashboard see: they read, and nothing else. */
export interface MetricsSource {
  /** Runs the collectors, within `timeoutMs` if given, and then takes a snapshot. Never rejects. */
  collect(options?: SnapshotOptions & { readonly timeoutMs?: number }): Promise<MetricsSnapshot>;
  /** Every metric as it stands, without running the collectors. */
  snapshot(options?: SnapshotOptions): MetricsSnapshot;
}

/** Any metric that a registry can hold. */
export type AnyMetric = Counter<string> | Gauge<string> | Histogram<string> | Timer<string>;

/** Makes metrics, keeps them by name and shows them to readers. */
export class MetricsRegistry implements MetricsSource {
  /** Whether anything is recorded. */
  readonly enabled: boolean;
  private readonly defaultLabels: Readonly<Record<string, string>>;
  private readonly seriesLimit: number;
  private readonly clock: Clock;
  private readonly logger: SafeLogger;

  private readonly metrics = new Map<string, AnyMetric>();
  /** Which metric has taken up which name of an exposition. */
  private readonly claims = new Map<string, Metric>();
  private readonly collectors: CollectorSet;
  private readonly collectorReports: CollectorReports;
  private readonly warnedOverflow = new Set<string>();
  /** @internal The guards that count in this registry, by what they log: each says it once. */
  readonly guards = new Map<string, Guard>();

  private readonly host: MetricHost;
  private readonly dropped: Counter<'metric' | 'reason'>;
  private readonly overflowed: Counter<'metric'>;
  private readonly truncated: Counter<'metric'>;

  /** @throws {MetricDefinitionError} for options that cannot work */
  constructor(options: MetricsRegistryOptions = {}) {
    this.enabled = options.enabled ?? true;
    this.defaultLabels = checkedDefaultLabels(options.defaultLabels ?? {});
    this.seriesLimit = checkedSeriesLimit('the registry', options.seriesLimit ?? 1_000);
    this.clock = guardedClock(options.clock ?? systemClock, () => callbackGuard(this, 'clock'));
    this.logger = new SafeLogger(options.logger ?? processWarnings);
    this.host = {
      clock: this.clock,
      defaultLabels: this.defaultLabels,
      exemplarSource: options.exemplars,
      sampleDropped: (metric, reason) => this.dropped.inc({ metric, reason }),
      seriesOverflowed: (metric, limit) => this.countOverflow(metric, limit),
      labelValueLengthLimit: checkedLengthLimit(options.labelValueLengthLimit ?? 1_024),
      labelValueCut: (metric) => {
        // Its own label is the name of a metric, which is cut in silence.
        if (metric !== this.truncated.name) this.truncated.inc({ metric });
      },
    };
    this.dropped = this.counter(
      'monitoring_dropped_samples_total',
      'Samples that were refused, by metric and reason.',
      { labelNames: ['metric', 'reason'], seriesLimit: Infinity },
    );
    this.overflowed = this.counter(
      'monitoring_series_overflow_total',
      'Label sets that were turned away to the overflow series because their metric had reached its series limit.',
      { labelNames: ['metric'], seriesLimit: Infinity },
    );
    this.truncated = this.counter(
      'monitoring_truncated_label_values_total',
      'Label values that were cut because they were longer than labelValueLengthLimit, by metric.',
      { labelNames: ['metric'], seriesLimit: Infinity },
    );
    this.collectorReports = new CollectorReports(
      this.gauge(
        'monitoring_collector_success',
        'Whether the last run of a collector succeeded (1) or failed (0).',
        { labelNames: ['collector'], seriesLimit: Infinity },
      ),
      this.gauge('monitoring_collector_duration_seconds', 'How long the last run of a collector took.', {
        labelNames: ['collector'],
        seriesLimit: Infinity,
      }),
      (message) => this.warn(message),
    );
    this.collectors = new CollectorSet(this.clock, (result) => this.collectorReports.note(result));
  }

  /**
   * The counter of this name, made if there is none yet.
   *
   * @param help what it counts, for the people who read the metrics
   * @throws {MetricDefinitionError} if the definition is wrong or conflicts with another metric
   */
  counter<const L extends string>(name: string, help: string, options: BoundMetricOptions<L>): CounterSeries;
  counter<const L extends string = never>(
    name: string,
    help?: string,
    options?: MetricOptions<L>,
  ): Counter<L>;
  counter(name: string, help?: string, options: GivenOptions = {}): unknown {
    return this.getOrCreate('counter', name, help, options, (definition) =>
      this.enabled ? new Counter<string>(definition, this.host) : new DisabledCounter(definition, this.host),
    );
  }

  /**
   * The gauge of this name, made if there is none yet.
   *
   * @param help what it measures, for the people who read the metrics
   * @throws {MetricDefinitionError} if the definition is wrong or conflicts with another metric
   */
  gauge<const L extends string>(
    name: string,
    help: string,
    options: BoundMetricOptions<L> & GaugeOptions,
  ): GaugeSeries;
  gauge<const L extends string = never>(
    name: string,
    help?: string,
    options?: MetricOptions<L> & GaugeOptions,
  ): Gauge<L>;
  gauge(name: string, help?: string, options: GivenOptions = {}): unknown {
    return this.getOrCreate('gauge', name, help, options, (definition) =>
      this.enabled ? new Gauge<string>(definition, this.host) : new DisabledGauge(definition, this.host),
    );
  }

  /**
   * The histogram of this name, made if there is none yet.
   *
   * @param help what it measures, for the people who read the metrics
   * @throws {MetricDefinitionError} if the definition is wrong or conflicts with another metric
   */
  histogram<const L extends string>(
    name: string,
    help: string,
    options: BoundMetricOptions<L> & BucketOptions,
  ): HistogramSeries;
  histogram<const L extends string = never>(
    name: string,
    help?: string,
    options?: MetricOptions<L> & BucketOptions,
  ): Histogram<L>;
  histogram(name: string, help?: string, options: GivenOptions = {}): unknown {
    const buckets = options.buckets ?? DEFAULT_BUCKETS;
    return this.getOrCreate('histogram', name, help, options, (definition) =>
      this.enabled
        ? new Histogram<string>(definition, buckets, this.host)
        : new DisabledHistogram(definition, buckets, this.host),
    );
  }

  /**
   * The timer of this name, made if there is none yet: a histogram of seconds.
   *
   * @param help what it measures, for the people who read the metrics
   * @throws {MetricDefinitionError} if the definition is wrong or conflicts with another metric
   */
  timer<const L extends string>(
    name: string,
    help: string,
    options: BoundMetricOptions<L> & BucketOptions,
  ): TimerSeries;
  timer<const L extends string = never>(
    name: string,
    help?: string,
    options?: MetricOptions<L> & BucketOptions,
  ): Timer<L>;
  timer(name: string, help?: string, options: GivenOptions = {}): unknown {
    const buckets = options.buckets ?? DEFAULT_BUCKETS;
    return this.getOrCreate('timer', name, help, options, (definition) =>
      this.enabled
        ? new Timer<string>(definition, buckets, this.host)
        : new DisabledTimer(definition, buckets, this.host),
    );
  }

  /** Every metric, in the order in which they were made. */
  getAllMetrics(): AnyMetric[] {
    return [...this.metrics.values()];
  }

  /** The metric of this name, if there is one. */
  getMetric(name: string): AnyMetric | undefined {
    return this.metrics.get(name);
  }

  /**
   * Forgets a metric, so that its name is free again. What still holds it may go on using it; nobody sees it.
   *
   * @returns whether there was such a metric
   */
  remove(name: string): boolean {
    const metric = this.metrics.get(name);
    if (metric === undefined) return false;
    this.metrics.delete(name);
    this.warnedOverflow.delete(name);
    for (const claim of claimedNames(name, metric.type)) this.claims.delete(claim);
    return true;
  }

  /** Forgets every series of every metric; the metrics stay, and bound series begin anew. */
  resetAll(): void {
    for (const metric of this.metrics.values()) metric.reset();
  }

  /**
   * Adds something that brings metrics up to date whenever they are asked for.
   *
   * @returns how to take it out again
   */
  addCollector(collector: Collector): () => void {
    if (!this.enabled) return () => undefined;
    this.collectors.add(collector);
    return () => {
      this.collectors.delete(collector);
      this.collectorReports.forget(collector);
    };
  }

  async collect(options: SnapshotOptions & { readonly timeoutMs?: number } = {}): Promise<MetricsSnapshot> {
    await this.collectors.run(options.timeoutMs);
    return this.snapshot(options);
  }

  snapshot(options: SnapshotOptions = {}): MetricsSnapshot {
    const outdated = this.collectorReports.outdatedMetrics();
    return {
      timestamp: this.clock.now(),
      defaultLabels: this.defaultLabels,
      families: this.enabled
        ? this.getAllMetrics()
            .filter((metric) => !(metric.type === 'gauge' && outdated.has(metric.name)))
            .map((metric) => metric.snapshot(options))
        : [],
    };
  }

  private getOrCreate(
    kind: MetricKind,
    name: string,
    help: string | undefined,
    options: GivenOptions,
    create: (definition: MetricDefinition) => AnyMetric,
  ): unknown {
    if (options.labels !== undefined && options.labelNames !== undefined) {
      throw new MetricDefinitionError(
        `${kind} ${name} was given both labels and labelNames. Give labelNames for a metric with many series, or labels for one series of it.`,
      );
    }
    const labelNames = options.labelNames ?? Object.keys(options.labels ?? {});
    const existing = this.metrics.get(name);
    if (existing !== undefined) assertSameDefinition(existing, kind, help, labelNames, options);
    const metric = existing ?? this.create(kind, name, help ?? '', labelNames, options, create);
    return options.labels === undefined ? metric : metric.labels(options.labels);
  }

  private create(
    kind: MetricKind,
    name: string,
    help: string,
    labelNames: readonly string[],
    options: GivenOptions,
    create: (definition: MetricDefinition) => AnyMetric,
  ): AnyMetric {
    const type: MetricType = kind === 'timer' ? 'histogram' : kind;
    const owner = `${kind} ${name}`;
    assertMetricName(name);
    assertLabelNames(owner, labelNames);
    const seriesLimit = checkedSeriesLimit(owner, options.seriesLimit ?? this.seriesLimit);
    const claims = claimedNames(name, type);
    for (const claim of claims) {
      const taken = this.claims.get(claim);
      if (taken !== undefined) {
        throw new MetricDefinitionError(
          `${owner} cannot be defined: its "${claim}" would be confused with that of ${describeMetric(taken)}. Choose another name for one of them.`,
        );
      }
    }
    const aggregate = checkedAggregate(owner, options.aggregate, labelNames);
    const metric = create({ name, help, kind, labelNames: [...labelNames], seriesLimit, aggregate });
    for (const claim of claims) this.claims.set(claim, metric);
    this.metrics.set(name, metric);
    const advice = namingAdvice(name, type, help, labelNames);
    if (advice.length > 0) this.warn(`Naming of ${owner}: better ${advice.join(', and ')}.`);
    return metric;
  }

  private countOverflow(metric: string, limit: number): void {
    this.overflowed.inc({ metric });
    if (this.warnedOverflow.has(metric)) return;
    this.warnedOverflow.add(metric);
    this.warn(
      `Metric ${metric} has reached its limit of ${limit} series: further label sets are summed in one overflow series. Look for a label with too many values, or raise seriesLimit.`,
    );
  }

  /**
   * Logs a warning. It may come from the middle of the application's work, which a logger that throws must not end.
   *
   * @internal
   */
  warn(message: string): void {
    this.logger.warn(message);
  }
}

const processWarnings: WarningLogger = {
  warn: (message) => process.emitWarning(message, 'MonitoringWarning'),
};

function checkedLengthLimit(limit: number): number {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw new MetricDefinitionError(
    `labelValueLengthLimit of the registry must be a whole number of characters from 1 up, or Infinity; got ${String(limit)} (${typeof limit}).`,
  );
}

function checkedDefaultLabels(labels: Readonly<Record<string, LabelInput>>): Record<string, string> {
  assertLabelNames('defaultLabels', Object.keys(labels));
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, toLabelString(value)]));
}
