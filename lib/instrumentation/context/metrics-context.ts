import { MetricDefinitionError } from '../../metrics/errors.js';
import { assertLabelNames, type LabelValue, toLabelString } from '../../metrics/labels.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { WarningLogger } from '../../metrics/registry-options.js';
import { trackCall } from '../../primitives/completion.js';
import { PERFORMANCE_LABELS, type StaticLabels } from '../performance-measurement.js';
import { JobMetrics } from './job-metrics.js';

/** Options of a run. */
export interface RunOptions {
  /** Labels of everything that the run records; `outcome` and `error` are taken. @default {} */
  readonly labels?: Readonly<Record<string, LabelValue>>;
}

/** What a job records of itself, under its own name. Nothing of it throws. */
export interface JobContext {
  /** Adds `value`, which is 1 unless given, to the counter `<job>_<name>_total`. */
  increment(name: string, value?: number): void;
  /**
   * Records a value in the histogram `<job>_<name>`, whose buckets reach from a thousandth to a million, or, if
   * its name ends in `seconds`, are those of durations.
   */
  observe(name: string, value: number): void;
  /** Sets the gauge `<job>_<name>`. */
  gauge(name: string, value: number): void;
}

/** Measures jobs, and lets each record what it does under its own name. */
export class MetricsContext {
  private readonly metrics: JobMetrics;

  /** @param logger where it says what could not be recorded; the `Logger` of Nest fits */
  constructor(registry: MetricsRegistry, logger: WarningLogger = processWarnings) {
    this.metrics = new JobMetrics(registry, logger);
  }

  /**
   * Runs a job and records `<name>_duration_seconds`, `<name>_runs_total{outcome}` and `<name>_errors_total{error}`,
   * beside what the job records by its context.
   *
   * What the work returns is handed on, and the run lasts until that has come to its end: a promise, an Observable,
   * an async iterator. What it throws is thrown on. Nothing else is ever thrown: what cannot be recorded is counted
   * in `monitoring_dropped_samples_total` and warned of once.
   *
   * @param name what the metrics begin with, such as `nightly_job`
   */
  run<T>(name: string, work: (context: JobContext) => T, options: RunOptions = {}): T {
    const labels = this.metrics.attempt(CONTEXT, () => labelsOf(options));
    const measurement = labels && this.metrics.measurementOf(name, labels);
    if (measurement === undefined) return work(UNRECORDED);
    const context = new RunContext(this.metrics, name, labels ?? {});
    return trackCall(() => work(context), undefined, NO_ARGUMENTS, measurement) as T;
  }
}

class RunContext implements JobContext {
  constructor(
    private readonly metrics: JobMetrics,
    private readonly job: string,
    private readonly labels: StaticLabels,
  ) {}

  increment(name: string, value = 1): void {
    this.metrics.add(this.job, name, this.labels, value);
  }

  observe(name: string, value: number): void {
    this.metrics.observe(this.job, name, this.labels, value);
  }

  gauge(name: string, value: number): void {
    this.metrics.set(this.job, name, this.labels, value);
  }
}

const CONTEXT = 'metrics_context';
const NO_ARGUMENTS: readonly unknown[] = [];

/** For a job that cannot be measured. */
const UNRECORDED: JobContext = {
  increment: () => undefined,
  observe: () => undefined,
  gauge: () => undefined,
};

const processWarnings: WarningLogger = {
  warn: (message) => process.emitWarning(message, 'MonitoringWarning'),
};

function labelsOf({ labels = {} }: RunOptions): StaticLabels {
  const entries = Object.entries(labels);
  assertLabelNames(
    'the run',
    entries.map(([name]) => name),
  );
  for (const taken of PERFORMANCE_LABELS) {
    if (Object.hasOwn(labels, taken)) {
      throw new MetricDefinitionError(`Label "${taken}" is set from what happens: choose another name.`);
    }
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, toLabelString(value)]));
}
