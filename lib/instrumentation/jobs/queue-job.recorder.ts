import type { BullMqJob, BullMqWorker } from '../../integrations/bullmq/bullmq.discovery.js';
import { isDeferral } from '../../integrations/bullmq/bullmq.watch.js';
import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import { LabelValues } from '../../primitives/label-values.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { errorClass } from '../error-class.js';
import type { JobMetricsOptions } from './jobs.options.js';
import { RunObserver } from './run-observer.js';

type JobLabels = 'queue' | 'job';

/** The outcome of an attempt that has put its job off, such as by a `DelayedError`: neither a success nor an error. */
const DEFERRED = 'deferred';

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
    private readonly guard: Guard,
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
      'Duration of the attempts here, by outcome: success, error or deferred.',
      { labelNames: [...labelNames, 'outcome'], buckets },
    );
    this.waitSeconds = registry.histogram(
      'bullmq_job_wait_duration_seconds',
      'From when a job could have been processed to when it first was.',
      { labelNames, buckets },
    );
    this.maxJobs = maxJobs;
  }

  /** Measures what a worker does. @returns a function that ends it */
  watch(worker: BullMqWorker): () => void {
    const queue = worker.name;
    const labelsOf = (job: BullMqJob | undefined) => ({ queue, job: this.nameOf(queue, job) });
    const ends = [
      listenTo<[BullMqJob]>(worker, 'completed', this.guard, (job) => this.completed.inc(labelsOf(job))),
      listenTo<[BullMqJob | undefined, unknown]>(worker, 'failed', this.guard, (job, error) => {
        const labels = { ...labelsOf(job), error: errorClass(error) };
        // It is set when there will be no other attempt.
        if (job !== undefined && job.finishedOn === undefined) this.retries.inc(labels);
        else this.failed.inc(labels);
      }),
      listenTo(worker, 'stalled', this.guard, () => this.stalled.inc({ queue })),
      // There is no event at the end of an attempt that puts the job off.
      patchMethod(worker, 'callProcessJob', this.guard, ([job]) =>
        this.beginAttempt(job as BullMqJob, labelsOf(job as BullMqJob)),
      ),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  private beginAttempt(job: BullMqJob, labels: Record<JobLabels, string>): RunObserver {
    const startedAt = this.clock.monotonic();
    this.recordWait(job, labels);
    this.inProgress.inc(labels);
    return new RunObserver((outcome, error) => {
      this.inProgress.dec(labels);
      const shown = outcome === 'error' && isDeferral(error) ? DEFERRED : outcome;
      this.seconds.observe({ ...labels, outcome: shown }, (this.clock.monotonic() - startedAt) / 1000);
    });
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
