import type { BullMqJob, BullMqWorker } from '../../integrations/bullmq/bullmq.discovery.js';
import { isDeferral } from '../../integrations/bullmq/bullmq.watch.js';
import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { errorClass } from '../error-class.js';
import type { OperationIdentity } from '../requests/operation-identity.js';
import { OperationRun } from '../requests/operation-run.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import type { JobMetricsOptions } from './jobs.options.js';
import { RunObserver } from './run-observer.js';
import { QUEUE_METRICS } from '../../metrics/metric-names.js';

type JobLabels = 'queue' | 'job';

/** The outcome of an attempt that postpones its job, such as with a `DelayedError`. */
const DEFERRED = 'deferred';

/** The `job` of a job that was removed from Redis. */
const REMOVED_JOB = 'unknown';

/** The metrics of the BullMQ workers in this process. */
export class QueueJobRecorder {
  private readonly completed: Counter<JobLabels>;
  private readonly failed: Counter<JobLabels | 'error'>;
  private readonly retries: Counter<JobLabels | 'error'>;
  private readonly stalled: Counter<'queue'>;
  private readonly inProgress: Gauge<JobLabels>;
  private readonly seconds: Histogram<JobLabels | 'outcome'>;
  private readonly waitSeconds: Histogram<JobLabels>;
  private readonly names = new Map<string, BoundedLabelValues>();
  private readonly maxJobs: number;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    private readonly guard: Guard,
    { buckets, maxJobs }: Required<JobMetricsOptions>,
    private readonly records?: OperationRecorder,
  ) {
    const labelNames = ['queue', 'job'] as const;
    this.completed = registry.counter(
      QUEUE_METRICS.completed,
      'Jobs completed by the workers of this process.',
      {
        labelNames,
      },
    );
    this.failed = registry.counter(
      QUEUE_METRICS.failed,
      'Jobs that failed in this process without a further retry, by class of the last error.',
      { labelNames: [...labelNames, 'error'] },
    );
    this.retries = registry.counter(
      'bullmq_job_retries_total',
      'Failed attempts in this process after which the job is retried, by class of error.',
      { labelNames: [...labelNames, 'error'] },
    );
    this.stalled = registry.counter(
      'bullmq_jobs_stalled_total',
      'Jobs that stalled, because a worker of any process stopped renewing their lock.',
      { labelNames: ['queue'] },
    );
    this.inProgress = registry.gauge(
      'bullmq_jobs_in_progress',
      'Jobs that the workers of this process are processing.',
      {
        labelNames,
      },
    );
    this.seconds = registry.histogram(
      QUEUE_METRICS.duration,
      'Duration of job attempts in this process, in seconds, by outcome: success, error or deferred.',
      { labelNames: [...labelNames, 'outcome'], buckets },
    );
    this.waitSeconds = registry.histogram(
      QUEUE_METRICS.wait,
      'Time from when a job became ready until its first attempt started, in seconds.',
      { labelNames, buckets },
    );
    this.maxJobs = maxJobs;
  }

  /** Measures the jobs of a worker. @returns a function that stops the measurement */
  measure(worker: BullMqWorker): () => void {
    const queue = worker.name;
    const labelsOf = (job: BullMqJob | undefined) => ({ queue, job: this.nameOf(queue, job) });
    const stops = [
      listenTo<[BullMqJob]>(worker, 'completed', this.guard, (job) => this.completed.inc(labelsOf(job))),
      listenTo<[BullMqJob | undefined, unknown]>(worker, 'failed', this.guard, (job, error) => {
        const labels = { ...labelsOf(job), error: errorClass(error) };
        // BullMQ sets finishedOn if it does not retry the job.
        if (job !== undefined && job.finishedOn === undefined) this.retries.inc(labels);
        else this.failed.inc(labels);
        this.registry.errors?.observe(error, 'job', `${queue} ${labels.job}`);
      }),
      listenTo(worker, 'stalled', this.guard, () => this.stalled.inc({ queue })),
      // BullMQ emits no event at the end of an attempt that postpones the job.
      patchMethod(worker, 'callProcessJob', this.guard, ([job]) =>
        this.beginAttempt(job as BullMqJob, labelsOf(job as BullMqJob)),
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  private beginAttempt(job: BullMqJob, labels: Record<JobLabels, string>): RunObserver {
    const startedAt = this.clock.monotonic();
    this.recordWait(job, labels);
    const inProgress = this.inProgress.active(labels);
    inProgress.begin();
    const run = this.records && OperationRun.begin(this.records, identityOf(labels));
    return new RunObserver((outcome, error) => {
      const recorded = outcome === 'error' && isDeferral(error) ? DEFERRED : outcome;
      run?.end(recorded === 'error', error);
      inProgress.end();
      this.seconds.observe({ ...labels, outcome: recorded }, (this.clock.monotonic() - startedAt) / 1000);
    }, run);
  }

  /** Records the wait of a first attempt. Clock skew between producer and worker can make it negative: it counts as 0. */
  private recordWait(job: BullMqJob, labels: Record<JobLabels, string>): void {
    const { timestamp, processedOn, attemptsStarted, opts } = job;
    const isFirst = attemptsStarted === undefined ? job.attemptsMade === 0 : attemptsStarted <= 1;
    if (!isFirst || processedOn === undefined) return;
    const waited = (processedOn - timestamp - (opts?.delay ?? 0)) / 1000;
    this.waitSeconds.observe(labels, Math.max(0, waited));
  }

  private nameOf(queue: string, job: BullMqJob | undefined): string {
    if (job === undefined) return REMOVED_JOB;
    let names = this.names.get(queue);
    if (names === undefined) {
      names = new BoundedLabelValues(this.maxJobs);
      this.names.set(queue, names);
    }
    return names.of(job.name);
  }
}

function identityOf(labels: Readonly<Record<JobLabels, string>>): OperationIdentity {
  return { kind: 'job', name: `${labels.queue} ${labels.job}`, metrics: { name: 'queueJob', labels } };
}
