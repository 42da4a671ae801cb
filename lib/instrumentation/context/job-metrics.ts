import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import { assertMetricName } from '../../metrics/naming-rules.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { WarningLogger } from '../../metrics/registry-options.js';
import type { Measurement } from '../../primitives/track-completion.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { countDropped } from '../dropped-samples.js';
import { PerformanceMeasurement, type StaticLabels } from '../performance-measurement.js';

/** Upper limit for names that come from data instead of code. */
const MAX_NAMES = 500;

/** Buckets for values of any unit: amounts, sizes and ratios. */
const WIDE_BUCKETS = [
  0.001, 0.01, 0.1, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000,
];

/** The label `metric` of a dropped sample whose job has no usable name, and the `part` of instrumentation errors. */
export const CONTEXT_NAME = 'metrics_context';

interface CounterLike {
  inc(labels: StaticLabels, value: number): void;
}
interface HistogramLike {
  observe(labels: StaticLabels, value: number): void;
}
interface GaugeLike {
  set(labels: StaticLabels, value: number): void;
}

/** The metrics of jobs, by name. No method throws: a sample that cannot be recorded is counted and logged once. */
export class JobMetrics {
  private readonly names = new Set<string>();
  private readonly metrics = new Map<string, unknown>();
  private readonly loggedWarnings = new Set<string>();
  private readonly logger: SafeLogger;

  constructor(
    private readonly registry: MetricsRegistry,
    logger: WarningLogger,
  ) {
    this.logger = new SafeLogger(logger);
  }

  /** Returns the measurement of a run; undefined if the job cannot be measured. */
  measurementOf(job: string, labels: StaticLabels): Measurement | undefined {
    return this.attempt(CONTEXT_NAME, () => {
      assertMetricName(job);
      this.reserveName(job);
      return new PerformanceMeasurement(this.registry, instrumentationGuard(this.registry, CONTEXT_NAME), {
        name: job,
        unit: 'runs',
        labels,
        sampleRate: 1,
        buckets: undefined,
      });
    });
  }

  /** Adds a value to a counter. */
  add(job: string, name: string, labels: StaticLabels, value: number): void {
    this.attempt(job, () => {
      const fullName = name.endsWith('_total') ? `${job}_${name}` : `${job}_${name}_total`;
      this.metric('counter', fullName, () =>
        this.registry.counter<string>(fullName, `${name} counted by the runs of ${job}.`, namesOf(labels)),
      ).inc(labels, value);
    });
  }

  /** Records a value in a histogram. */
  observe(job: string, name: string, labels: StaticLabels, value: number): void {
    this.attempt(job, () => {
      const fullName = `${job}_${name}`;
      const buckets = name.endsWith('seconds') ? DEFAULT_BUCKETS : WIDE_BUCKETS;
      this.metric('histogram', fullName, () =>
        this.registry.histogram<string>(fullName, `${name} observed by the runs of ${job}.`, {
          ...namesOf(labels),
          buckets,
        }),
      ).observe(labels, value);
    });
  }

  /** Sets a gauge. */
  set(job: string, name: string, labels: StaticLabels, value: number): void {
    this.attempt(job, () => {
      const fullName = `${job}_${name}`;
      this.metric('gauge', fullName, () =>
        this.registry.gauge<string>(fullName, `${name} set by the last run of ${job}.`, namesOf(labels)),
      ).set(labels, value);
    });
  }

  /** Runs a function; if it throws, counts a dropped sample of the metric and returns undefined. */
  attempt<T>(metric: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.drop(metric, error);
      return undefined;
    }
  }

  private metric(kind: 'counter', name: string, create: () => CounterLike): CounterLike;
  private metric(kind: 'histogram', name: string, create: () => HistogramLike): HistogramLike;
  private metric(kind: 'gauge', name: string, create: () => GaugeLike): GaugeLike;
  private metric(kind: string, name: string, create: () => unknown): unknown {
    const key = `${kind} ${name}`;
    let metric = this.metrics.get(key);
    if (metric === undefined) {
      assertMetricName(name);
      this.reserveName(name);
      metric = create();
      this.metrics.set(key, metric);
    }
    return metric;
  }

  private reserveName(name: string): void {
    if (this.names.size >= MAX_NAMES && !this.names.has(name)) {
      throw new MetricDefinitionError(
        `the limit of ${MAX_NAMES} metric names is reached; use labels for values that differ between runs.`,
      );
    }
    this.names.add(name);
  }

  private drop(metric: string, error: unknown): void {
    countDropped(this.registry, metric, 'refused_definition');
    const reason =
      error instanceof MetricDefinitionError ? error.message : 'the metric name must be a string.';
    if (this.loggedWarnings.size >= MAX_NAMES || this.loggedWarnings.has(reason)) return;
    this.loggedWarnings.add(reason);
    this.logger.warn(`A sample of ${metric} was dropped: ${reason}`);
  }
}

function namesOf(labels: StaticLabels): { readonly labelNames: string[] } {
  return { labelNames: Object.keys(labels) };
}
