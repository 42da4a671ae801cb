import type { ScheduledMethod, ScheduleType } from '../../integrations/schedule/schedule.integration.js';
import type { Clock } from '../../metrics/clock.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { ActiveCount } from '../../metrics/active-count.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram, HistogramSeries } from '../../metrics/histogram.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Guard } from '../../primitives/guard.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { observeFunction } from '../../primitives/method-patch.js';
import { errorClass } from '../error-class.js';
import type { OperationIdentity } from '../requests/operation-identity.js';
import { OperationRun } from '../requests/operation-run.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import type { JobMetricsOptions } from './jobs.options.js';
import { RunObserver, type RunOutcome } from './run-observer.js';
import { SCHEDULED_JOB_METRICS } from '../../metrics/metric-names.js';

type JobLabels = 'job' | 'type';

/** The series of one job. */
interface JobSeries {
  readonly runs: Readonly<Record<RunOutcome, CounterSeries>>;
  readonly seconds: HistogramSeries;
  readonly inProgress: ActiveCount;
  readonly overlaps: CounterSeries;
}

/** The metrics of scheduled jobs. */
export class ScheduledJobRecorder {
  /** Receives the errors of the measurement itself. */
  readonly guard: Guard;
  private readonly runs: Counter<JobLabels | 'outcome'>;
  private readonly errors: Counter<JobLabels | 'error'>;
  private readonly seconds: Histogram<JobLabels>;
  private readonly inProgress: Gauge<JobLabels>;
  private readonly overlaps: Counter<JobLabels>;
  private readonly lastStart: Gauge<JobLabels>;
  private readonly lastSuccess: Gauge<JobLabels>;
  private readonly jobs: BoundedLabelValues;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<JobMetricsOptions>,
    private readonly records?: OperationRecorder,
  ) {
    this.guard = instrumentationGuard(registry, 'schedule');
    const labelNames = ['job', 'type'] as const;
    this.runs = registry.counter(
      SCHEDULED_JOB_METRICS.runs,
      'Completed runs of scheduled jobs, by outcome: success or error.',
      { labelNames: [...labelNames, 'outcome'] },
    );
    this.errors = registry.counter(
      'scheduled_job_errors_total',
      'Failed runs of scheduled jobs, by class of error.',
      { labelNames: [...labelNames, 'error'] },
    );
    this.seconds = registry.histogram(
      SCHEDULED_JOB_METRICS.duration,
      'Duration of the runs of scheduled jobs, in seconds.',
      {
        labelNames,
        buckets: options.buckets,
      },
    );
    this.inProgress = registry.gauge(
      'scheduled_job_runs_in_progress',
      'Runs of scheduled jobs that are in progress.',
      {
        labelNames,
      },
    );
    this.overlaps = registry.counter(
      'scheduled_job_overlaps_total',
      'Runs of scheduled jobs that started while an earlier run of the same job was in progress.',
      { labelNames },
    );
    this.lastStart = registry.gauge(
      'scheduled_job_last_start_timestamp_seconds',
      'Start time of the last run of a scheduled job, as a Unix timestamp in seconds.',
      { labelNames, aggregate: 'max' },
    );
    this.lastSuccess = registry.gauge(
      'scheduled_job_last_success_timestamp_seconds',
      'End time of the last successful run of a scheduled job, as a Unix timestamp in seconds.',
      { labelNames, aggregate: 'max' },
    );
    this.jobs = new BoundedLabelValues(options.maxJobs);
  }

  /** Returns the measured form of the method of a job, and creates its series at zero. */
  readonly measure = (name: string, type: ScheduleType, method: ScheduledMethod): ScheduledMethod => {
    const { clock, errors, lastStart, lastSuccess, records, registry } = this;
    const labels = { job: this.jobs.of(name), type };
    const identity: OperationIdentity = {
      kind: 'job',
      name: labels.job,
      metrics: { name: 'scheduledJob', labels },
    };
    const series = this.seriesOf(labels);
    let runsInProgress = 0;

    return observeFunction(method, this.guard, () => {
      const startedAt = clock.monotonic();
      lastStart.set(labels, clock.now() / 1000);
      series.inProgress.begin();
      if (runsInProgress++ > 0) series.overlaps.inc();
      const run = records && OperationRun.begin(records, identity);
      return new RunObserver((outcome, error) => {
        run?.end(outcome === 'error', error);
        runsInProgress--;
        series.inProgress.end();
        series.seconds.observe((clock.monotonic() - startedAt) / 1000);
        series.runs[outcome].inc();
        if (outcome === 'success') lastSuccess.set(labels, clock.now() / 1000);
        else {
          errors.inc({ ...labels, error: errorClass(error) });
          registry.errors?.observe(error, 'job', labels.job);
        }
      }, run);
    });
  };

  private seriesOf(labels: Record<JobLabels, string>): JobSeries {
    return {
      runs: {
        success: this.runs.labels({ ...labels, outcome: 'success' }),
        error: this.runs.labels({ ...labels, outcome: 'error' }),
      },
      seconds: this.seconds.labels(labels),
      inProgress: this.inProgress.active(labels),
      overlaps: this.overlaps.labels(labels),
    };
  }
}
