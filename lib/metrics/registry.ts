import { LIBRARY_BRAND, THIS_COPY } from '../primitives/library-brand.js';
import type { ErrorObserver } from '../primitives/error-observer.js';
import type { Guard } from '../primitives/guard.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { DEFAULT_BUCKETS } from './buckets.js';
import { type Clock, systemClock } from './clock.js';
import { CollectorReports } from './collector-reports.js';
import { CollectorSet } from './collector-set.js';
import type { Collector } from './collector.js';
import { Counter, type CounterSeries } from './counter.js';
import { DisabledCounter, DisabledGauge, DisabledHistogram, DisabledTimer } from './disabled-metrics.js';
import { callbackGuard } from './error-guards.js';
import { MetricDefinitionError } from './metric-definition.error.js';
import { Gauge, type GaugeSeries } from './gauge.js';
import { assertKnownOptions, assertShapes } from './given-options.js';
import { guardedClock } from './guarded-clock.js';
import { Histogram, type HistogramSeries } from './histogram.js';
import { assertLabelNames } from './labels.js';
import { MetricCatalog } from './metric-catalog.js';
import {
  assertSameDefinition,
  type BoundMetricOptions,
  type BucketOptions,
  checkedAggregate,
  checkedSeriesLimit,
  type CounterOptions,
  describeMetric,
  type GaugeOptions,
  type GivenOptions,
  type MetricDefinition,
  type MetricKind,
  type MetricOptions,
} from './metric-definition.js';
import type { MetricHost } from './metric-host.js';
import type { SnapshotOptions } from './metric.js';
import { assertMetricName, type MetricType, namingAdvice } from './naming-rules.js';
import { RegistryMetrics } from './registry-metrics.js';
import {
  checkedDefaultLabels,
  checkedLengthLimit,
  type MetricsRegistryOptions,
  processWarnings,
} from './registry-options.js';
import type { MetricsSnapshot } from './snapshot.js';
import { Timer, type TimerSeries } from './timer.js';

/** Options of a collection of the metrics. */
export interface CollectOptions extends SnapshotOptions {
  /** Time limit of the collectors, in milliseconds. @default none */
  readonly timeoutMs?: number;
  /** True if the time limit must not keep the process alive. @default false */
  readonly background?: boolean;
}

/** The read-only view of a registry for exporters, health, alerting and the dashboard. */
export interface MetricsSource {
  /** Runs the collectors, for at most `timeoutMs` if given, and returns a snapshot. Never rejects. */
  collect(options?: CollectOptions): Promise<MetricsSnapshot>;
  /** Returns a snapshot of every metric without running the collectors. */
  snapshot(options?: SnapshotOptions): MetricsSnapshot;
}

/** Any metric that a registry can hold. */
export type AnyMetric = Counter<string> | Gauge<string> | Histogram<string> | Timer<string>;

/** The metrics with open labels, by kind. */
interface OpenMetrics {
  readonly counter: Counter<string>;
  readonly gauge: Gauge<string>;
  readonly histogram: Histogram<string>;
}

/** A function that creates a metric; the upper bounds are those of a histogram or a timer. */
type CreateMetric = (definition: MetricDefinition, upperBounds: readonly number[]) => AnyMetric;

/** A registry that creates metrics, holds them by name and takes snapshots of them. */
export class MetricsRegistry implements MetricsSource {
  /** @internal */
  static readonly [LIBRARY_BRAND] = THIS_COPY;
  /** True if samples are recorded. */
  readonly enabled: boolean;
  private readonly defaultLabels: Readonly<Record<string, string>>;
  private readonly seriesLimit: number;
  private readonly clock: Clock;
  private readonly logger: SafeLogger;
  private readonly host: MetricHost;

  private readonly catalog = new MetricCatalog<AnyMetric>();
  private readonly own: RegistryMetrics;
  private readonly collectors: CollectorSet;
  private readonly collectorReports: CollectorReports;
  /** @internal The guards that count in this registry, by message; each logs once. */
  readonly guards = new Map<string, Guard>();
  /** @internal The observer of the errors of the application; undefined if there is none. */
  errors: ErrorObserver | undefined;

  /** @throws {MetricDefinitionError} for invalid options */
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
      labelValueLengthLimit: checkedLengthLimit(options.labelValueLengthLimit ?? 1_024),
      sampleDropped: (metric, reason) => this.own.sampleDropped(metric, reason),
      unknownLabelUsed: (metric, label, labelNames) => this.own.unknownLabelUsed(metric, label, labelNames),
      seriesOverflowed: (metric, limit, limited) => this.own.seriesOverflowed(metric, limit, limited),
      labelValueCut: (metric) => this.own.labelValueCut(metric),
    };
    const warn = (message: string): void => this.warn(message);
    this.own = new RegistryMetrics(this, warn);
    this.collectorReports = new CollectorReports(this.own.collectorSuccess, this.own.collectorSeconds, warn);
    this.collectors = new CollectorSet(this.clock, (result) => this.collectorReports.report(result));
  }

  /**
   * Returns the counter of this name, and creates it if there is none.
   *
   * @param help description of the metric for the people who read it
   * @throws {MetricDefinitionError} if the definition is invalid or conflicts with another metric
   */
  counter<const L extends string>(
    name: string,
    help: string,
    options: BoundMetricOptions<L> & CounterOptions,
  ): CounterSeries;
  counter<const L extends string = never>(
    name: string,
    help?: string,
    options?: MetricOptions<L> & CounterOptions,
  ): Counter<L>;
  counter(name: string, help?: string, options: GivenOptions = {}): unknown {
    return this.getOrCreate('counter', name, help, options, (definition) =>
      this.enabled ? new Counter<string>(definition, this.host) : new DisabledCounter(definition, this.host),
    );
  }

  /**
   * Returns the gauge of this name, and creates it if there is none.
   *
   * @param help description of the metric for the people who read it
   * @throws {MetricDefinitionError} if the definition is invalid or conflicts with another metric
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
   * Returns the histogram of this name, and creates it if there is none.
   *
   * @param help description of the metric for the people who read it
   * @throws {MetricDefinitionError} if the definition is invalid or conflicts with another metric
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
    return this.getOrCreate('histogram', name, help, options, (definition, buckets) =>
      this.enabled
        ? new Histogram<string>(definition, buckets, this.host)
        : new DisabledHistogram(definition, buckets, this.host),
    );
  }

  /**
   * Returns the timer of this name, a histogram of seconds, and creates it if there is none.
   *
   * @param help description of the metric for the people who read it
   * @throws {MetricDefinitionError} if the definition is invalid or conflicts with another metric
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
    return this.getOrCreate('timer', name, help, options, (definition, buckets) =>
      this.enabled
        ? new Timer<string>(definition, buckets, this.host)
        : new DisabledTimer(definition, buckets, this.host),
    );
  }

  /**
   * Creates a metric whose label names come with its series; see {@link Metric.addLabelNames}. Its name and its buckets are
   * those of another library, so there is no advice on them.
   *
   * @internal
   * @throws {MetricDefinitionError} if the name is invalid or taken
   */
  openMetric<K extends keyof OpenMetrics>(
    kind: K,
    name: string,
    help: string,
    options: Pick<GivenOptions, 'aggregate' | 'buckets'>,
  ): OpenMetrics[K] {
    const creators: { readonly [Kind in keyof OpenMetrics]: CreateMetric } = {
      counter: (definition) => new Counter<string>(definition, this.host),
      gauge: (definition) => new Gauge<string>(definition, this.host),
      histogram: (definition, buckets) => new Histogram<string>(definition, buckets, this.host),
    };
    const existing = this.catalog.get(name);
    if (existing !== undefined) {
      throw new MetricDefinitionError(`${kind} ${name} conflicts with ${describeMetric(existing)}.`);
    }
    return this.create(kind, name, help, [], options, creators[kind], true) as OpenMetrics[K];
  }

  /** Returns every metric, in the order of their creation. */
  getAllMetrics(): AnyMetric[] {
    return this.catalog.all();
  }

  /** Returns the metric of this name, if there is one. */
  getMetric(name: string): AnyMetric | undefined {
    return this.catalog.get(name);
  }

  /**
   * Removes a metric and frees its name. Code that still references the metric may use it, but nothing exports it.
   *
   * @returns false if there was no such metric
   */
  remove(name: string): boolean {
    this.own.forget(name);
    return this.catalog.remove(name);
  }

  /** Removes every series of every metric. The metrics stay, and bound series start again. */
  resetAll(): void {
    for (const metric of this.catalog.all()) metric.reset();
  }

  /**
   * Adds a collector, which updates its metrics whenever the metrics are collected.
   *
   * @returns a function that removes it
   */
  addCollector(collector: Collector): () => void {
    if (!this.enabled) return () => undefined;
    this.collectors.add(collector);
    return () => {
      this.collectors.delete(collector);
      this.collectorReports.forget(collector);
    };
  }

  async collect(options: CollectOptions = {}): Promise<MetricsSnapshot> {
    await this.collectors.run(options.timeoutMs, options.background);
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
    create: CreateMetric,
  ): unknown {
    assertShapes(kind, name, help, options);
    if (options.labels !== undefined && options.labelNames !== undefined) {
      throw new MetricDefinitionError(
        `${kind} ${name} has both \`labels\` and \`labelNames\`. Use \`labelNames\` to get the metric, or \`labels\` to get one series of it.`,
      );
    }
    const labelNames = options.labelNames ?? Object.keys(options.labels ?? {});
    const existing = this.catalog.get(name);
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
    create: CreateMetric,
    openLabels = false,
  ): AnyMetric {
    const type: MetricType = kind === 'timer' ? 'histogram' : kind;
    const owner = `${kind} ${name}`;
    assertMetricName(name);
    assertKnownOptions(owner, options);
    assertLabelNames(owner, labelNames);
    const seriesLimit = checkedSeriesLimit(owner, options.seriesLimit ?? this.seriesLimit);
    this.catalog.assertFree(owner, name, type);
    const aggregate = checkedAggregate(owner, kind, options.aggregate, labelNames);
    const definition = { name, help, kind, labelNames: [...labelNames], seriesLimit, aggregate, openLabels };
    const metric = create(definition, options.buckets ?? DEFAULT_BUCKETS);
    this.catalog.add(metric);
    if (openLabels) return metric;
    const advice = namingAdvice(name, type, help, labelNames);
    if (advice.length > 0) {
      this.warn(`${owner} does not follow the Prometheus naming guide: ${advice.join(', and ')}.`);
    }
    return metric;
  }

  /** @internal Logs a warning. Never throws, since it may run within a call of the application. */
  warn(message: string): void {
    this.logger.warn(message);
  }
}
