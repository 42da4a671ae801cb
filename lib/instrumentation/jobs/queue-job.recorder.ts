import type { BullMqJob, BullMqWorker } from '../../integrations/bullmq/bullmq.discovery.js';
import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { LabelValues } from '../../primitives/label-values.js';
import { followRun } from './follow-run.js';
import type { JobMetricsOptions } from './jobs.options.js';

type JobLabels = 'queue' | 'job';

/** The `job` of one that Redis does not know any more. */
const GONE = 'unknown';

/** Counts and times what the workers of BullMQ in this process do. */
export class QueueJobRecorder {
  private readonly completed: Counter<JobLabels>;
  private readonly failed: Counter<JobLabels | 'error'>;
  private readonly retries: Counter<JobLabels | 'error'>;
  private readonly stalled: Counter<'queue'>;
  private readonly inProgress: Gauge<JobLabels>;
  private readonly seconds: Histogram<JobLabels | 'outcome'>;
  private readonly waitSeconds: Histogram<JobLabels>;
  private readonly names = new Map<string, LabelValues>();
  private readonly maxJobs: number;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    { buckets, maxJobs }: Required<JobMetricsOptions>,
  ) {
    const labelNames = ['queue', 'job'] as const;
    this.completed = registry.counter('bullmq_jobs_completed_total', 'Jobs that were completed here.', {
      labelNames,
    });
    this.failed = registry.counter(
      'bullmq_jobs_failed_total',
      'Jobs that failed here for good, by class of the last error.',
      { labelNames: [...labelNames, 'error'] },
    );
    this.retries = registry.counter(
      'bullmq_job_retries_total',
      'Attempts that failed here and leave the job to be tried again, by class of error.',
      { labelNames: [...labelNames, 'error'] },
    );
    this.stalled = registry.counter(
      'bullmq_jobs_stalled_total',
      'Jobs whose worker, here or elsewhere, was found not to care for them any more.',
      { labelNames: ['queue'] },
    );
    this.inProgress = registry.gauge('bullmq_jobs_in_progress', 'Jobs that are processed here now.', {
      labelNames,
    });
    this.seconds = registry.histogram(
      'bullmq_job_duration_seconds',
      'How long attempts take here, by outcome: success or error.',
      { labelNames: [...labelNames, 'outcome'], buckets },
    );
    this.waitSeconds = registry.histogram(
      'bullmq_job_wait_duration_seconds',
      'From when a job could have been processed to when it first was.',
      { labelNames, buckets },
    );
    this.maxJobs = maxJobs;
  }

  /** @returns how to stop */
  watch(worker: BullMqWorker): () => void {
    const queue = worker.name;
    const labelsOf = (job: BullMqJob | undefined) => ({ queue, job: this.nameOf(queue, job) });
    const listeners: Record<string, (...values: never[]) => void> = {
      completed: (job: BullMqJob) => this.completed.inc(labelsOf(job)),
      failed: (job: BullMqJob | undefined, error: unknown) => {
        const labels = { ...labelsOf(job), error: errorClass(error) };
        // It is set when there will be no other attempt.
        if (job !== undefined && job.finishedOn === undefined) this.retries.inc(labels);
        else this.failed.inc(labels);
      },
      stalled: () => this.stalled.inc({ queue }),
    };
    for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
    const release = this.followAttempts(worker, labelsOf);
    return () => {
      release();
      for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
    };
  }

  /** There is no event at the end of an attempt that puts the job off. */
  private followAttempts(
    worker: BullMqWorker,
    labelsOf: (job: BullMqJob) => Record<JobLabels, string>,
  ): () => void {
    const process = worker.callProcessJob;
    if (process === undefined) return () => undefined;
    const { clock, inProgress, seconds } = this;
    const measured: typeof process = (job, ...rest) => {
      const labels = labelsOf(job);
      const startedAt = clock.monotonic();
      this.recordWait(job, labels);
      inProgress.inc(labels);
      return followRun(
        () => process.call(worker, job, ...rest),
        (outcome) => {
          inProgress.dec(labels);
          seconds.observe({ ...labels, outcome }, (clock.monotonic() - startedAt) / 1000);
        },
      );
    };
    worker.callProcessJob = measured;
    return () => {
      if (worker.callProcessJob !== measured) return;
      delete worker.callProcessJob;
      // Not where it is that of the class, which is seen again.
      if (worker.callProcessJob !== process) worker.callProcessJob = process;
    };
  }

  /** By the clocks of who added the job and who took it: where they are two, it may seem to have waited less. */
  private recordWait(job: BullMqJob, labels: Record<JobLabels, string>): void {
    const { timestamp, processedOn, attemptsStarted, opts } = job;
    const isFirst = attemptsStarted === undefined ? job.attemptsMade === 0 : attemptsStarted <= 1;
    if (!isFirst || processedOn === undefined) return;
    const waited = (processedOn - timestamp - (opts?.delay ?? 0)) / 1000;
    this.waitSeconds.observe(labels, Math.max(0, waited));
  }

  private nameOf(queue: string, job: BullMqJob | undefined): string {
    if (job === undefined) return GONE;
    let names = this.names.get(queue);
    if (names === undefined) {
      names = new LabelValues(this.maxJobs);
      this.names.set(queue, names);
    }
    return names.of(job.name);
  }
}
