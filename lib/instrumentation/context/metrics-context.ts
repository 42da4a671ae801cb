import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import { assertLabelNames, type LabelValue, toLabelString } from '../../metrics/labels.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { processWarnings, type WarningLogger } from '../../metrics/registry-options.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import type { Guard } from '../../primitives/guard.js';
import type { CallScope } from '../../primitives/method-patch.js';
import { type Measurement, trackCall } from '../../primitives/track-completion.js';
import { RESERVED_LABELS, type StaticLabels } from '../performance-measurement.js';
import { OperationRun } from '../requests/operation-run.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import { CONTEXT_NAME, JobMetrics } from './job-metrics.js';

/** Options of {@link MetricsContext.run}. */
export interface MetricsContextOptions {
  /** Labels of every sample of the run; `outcome` and `error` are reserved. @default {} */
  readonly labels?: Readonly<Record<string, LabelValue>>;
}

/** The metrics of one run of a job, named after the job. No method throws. */
export interface JobContext {
  /** Adds `value`, 1 by default, to the counter `<job>_<name>_total`. */
  increment(name: string, value?: number): void;
  /**
   * Records a value in the histogram `<job>_<name>`. The buckets are those of durations if the name ends in
   * `seconds`; otherwise they range from 0.001 to 1,000,000.
   */
  observe(name: string, value: number): void;
  /** Sets the gauge `<job>_<name>`. */
  gauge(name: string, value: number): void;
}

/** The measurement of jobs: durations, outcomes, and the metrics that a job records itself. */
export class MetricsContext {
  private readonly metrics: JobMetrics;

  /**
   * @param logger receives a warning for a sample that cannot be recorded, such as the `Logger` of Nest
   * @param records the records of the runs; set by the module
   */
  constructor(
    registry: MetricsRegistry,
    logger: WarningLogger = processWarnings,
    /** @internal */ private readonly records?: OperationRecorder,
  ) {
    this.metrics = new JobMetrics(registry, logger);
  }

  /**
   * Runs a job and records `<name>_duration_seconds`, `<name>_runs_total{outcome}` and `<name>_errors_total{error}`,
   * besides the metrics that the job records by its context.
   *
   * Returns the result of the job. A run whose result is a promise, an Observable or an async iterator lasts until
   * that has completed. Errors of the job are rethrown; no other error is ever thrown. A sample that cannot be
   * recorded is counted in `monitoring_dropped_samples_total` and logged once.
   *
   * @param name prefix of the metric names, such as `nightly_job`
   */
  run<T>(name: string, work: (context: JobContext) => T, options: MetricsContextOptions = {}): T {
    const labels = this.metrics.attempt(CONTEXT_NAME, () => labelsOf(options));
    const measurement = labels && this.metrics.measurementOf(name, labels);
    if (measurement === undefined) return work(NO_CONTEXT);
    const context = new RunContext(this.metrics, name, labels ?? {});
    const { records } = this;
    // A run within a request or another job is a part of that.
    if (records === undefined || records.operations.current !== undefined) {
      return trackCall(() => work(context), undefined, NO_ARGUMENTS, measurement) as T;
    }
    const run = OperationRun.begin(records, { kind: 'job', name });
    const call = (): T => work(context);
    const recorded = new RecordedMeasurement(measurement, run);
    return trackCall(() => run.run(call), undefined, NO_ARGUMENTS, recorded) as T;
  }
}

/** The measurement of a run that is recorded too. */
class RecordedMeasurement implements Measurement {
  readonly guard: Guard;
  readonly scope: CallScope;

  constructor(
    private readonly metrics: Measurement,
    private readonly run: OperationRun,
  ) {
    this.guard = metrics.guard;
    this.scope = run;
  }

  start(): number {
    return this.metrics.start();
  }

  end(startedAt: number, outcome: CallOutcome, detail: unknown): void {
    this.run.end(outcome === 'error', outcome === 'error' ? detail : undefined);
    this.metrics.end(startedAt, outcome, detail);
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

const NO_ARGUMENTS: readonly unknown[] = [];

/** The context of a job that cannot be measured. */
const NO_CONTEXT: JobContext = {
  increment: () => undefined,
  observe: () => undefined,
  gauge: () => undefined,
};

function labelsOf({ labels = {} }: MetricsContextOptions): StaticLabels {
  const entries = Object.entries(labels);
  assertLabelNames(
    'the run',
    entries.map(([name]) => name),
  );
  for (const reserved of RESERVED_LABELS) {
    if (Object.hasOwn(labels, reserved)) {
      throw new MetricDefinitionError(
        `Label "${reserved}" is set by the context itself; choose another name.`,
      );
    }
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, toLabelString(value)]));
}
