import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { instrumentationGuard } from '../../metrics/error-reports.js';
import { MetricDefinitionError } from '../../metrics/errors.js';
import { assertMetricName } from '../../metrics/naming.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { WarningLogger } from '../../metrics/registry-options.js';
import type { Measurement } from '../../primitives/completion.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { countDropped } from '../dropped-samples.js';
import { PerformanceMeasurement, type StaticLabels } from '../performance-measurement.js';

/** How many names one context makes metrics for: more come only of names that are made of data. */
const MAX_NAMES = 500;

/** From a thousandth to a million: what is observed may be an amount, a size or a share. */
const WIDE_BUCKETS = [
  0.001, 0.01, 0.1, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, 1_000_000,
];

/** What {@link countDropped} counts under, where the name of the job cannot be used. */
const CONTEXT = 'metrics_context';

interface Added {
  inc(labels: StaticLabels, value: number): void;
}
interface Observed {
  observe(labels: StaticLabels, value: number): void;
}
interface Held {
  set(labels: StaticLabels, value: number): void;
}

/** The metrics of jobs, by name. Nothing here throws: what cannot be is counted, and warned of once. */
export class JobMetrics {
  private readonly names = new Set<string>();
  private readonly metrics = new Map<string, unknown>();
  private readonly warned = new Set<string>();

  private readonly logger: SafeLogger;

  constructor(
    private readonly registry: MetricsRegistry,
    logger: WarningLogger,
  ) {
    this.logger = new SafeLogger(logger);
  }

  /** What to tell of a run, unless the job cannot be measured. */
  measurementOf(job: string, labels: StaticLabels): Measurement | undefined {
    return this.attempt(CONTEXT, () => {
      assertMetricName(job);
      this.claim(job);
      return new PerformanceMeasurement(this.registry, instrumentationGuard(this.registry, CONTEXT), {
        name: job,
        unit: 'runs',
        labels,
        sampleRate: 1,
        buckets: undefined,
      });
    });
  }

  add(job: string, name: string, labels: StaticLabels, value: number): void {
    this.attempt(job, () => {
      const fullName = name.endsWith('_total') ? `${job}_${name}` : `${job}_${name}_total`;
      this.metric('counter', fullName, () =>
        this.registry.counter<string>(fullName, `What the runs of ${job} counted.`, namesOf(labels)),
      ).inc(labels, value);
    });
  }

  observe(job: string, name: string, labels: StaticLabels, value: number): void {
    this.attempt(job, () => {
      const fullName = `${job}_${name}`;
      const buckets = name.endsWith('seconds') ? DEFAULT_BUCKETS : WIDE_BUCKETS;
      this.metric('histogram', fullName, () =>
        this.registry.histogram<string>(fullName, `What the runs of ${job} observed.`, {
          ...namesOf(labels),
          buckets,
        }),
      ).observe(labels, value);
    });
  }

  set(job: string, name: string, labels: StaticLabels, value: number): void {
    this.attempt(job, () => {
      const fullName = `${job}_${name}`;
      this.metric('gauge', fullName, () =>
        this.registry.gauge<string>(fullName, `What the last run of ${job} set.`, namesOf(labels)),
      ).set(labels, value);
    });
  }

  /** Does what may fail, and counts it if it does. */
  attempt<T>(metric: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.refuse(metric, error);
      return undefined;
    }
  }

  private metric(kind: 'counter', name: string, make: () => Added): Added;
  private metric(kind: 'histogram', name: string, make: () => Observed): Observed;
  private metric(kind: 'gauge', name: string, make: () => Held): Held;
  private metric(kind: string, name: string, make: () => unknown): unknown {
    const key = `${kind} ${name}`;
    let metric = this.metrics.get(key);
    if (metric === undefined) {
      assertMetricName(name);
      this.claim(name);
      metric = make();
      this.metrics.set(key, metric);
    }
    return metric;
  }

  private claim(name: string): void {
    if (this.names.size >= MAX_NAMES && !this.names.has(name)) {
      throw new MetricDefinitionError(
        `There are ${MAX_NAMES} names already. Use labels for what differs from run to run.`,
      );
    }
    this.names.add(name);
  }

  private refuse(metric: string, error: unknown): void {
    countDropped(this.registry, metric, 'refused_definition');
    const message = error instanceof MetricDefinitionError ? error.message : 'Expected a name.';
    if (this.warned.size >= MAX_NAMES || this.warned.has(message)) return;
    this.warned.add(message);
    this.logger.warn(`A sample of ${metric} is dropped: ${message}`);
  }
}

function namesOf(labels: StaticLabels): { readonly labelNames: string[] } {
  return { labelNames: Object.keys(labels) };
}
