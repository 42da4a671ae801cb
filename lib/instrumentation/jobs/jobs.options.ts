import { bucketsOf, countOf, expectKeys } from '../../options/option-checks.js';

/** Which jobs are measured, in an application that has them. */
export interface JobsOptions {
  /** Methods with `@Cron()`, `@Interval()` and `@Timeout()` of `@nestjs/schedule`, or false. @default on */
  readonly schedule?: JobMetricsOptions | false;
  /** The jobs that the workers of BullMQ process, or false. @default on */
  readonly bullmq?: JobMetricsOptions | false;
}

/** Options of one kind of jobs. */
export interface JobMetricsOptions {
  /**
   * Upper bounds of the durations, in seconds.
   * @default 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600
   */
  readonly buckets?: readonly number[];
  /** Number of names of jobs that have series of their own; later ones are `other`. @default 100 */
  readonly maxJobs?: number;
}

/** Which jobs are measured, with every default filled in. */
export interface ResolvedJobs {
  readonly schedule: Required<JobMetricsOptions> | false;
  readonly bullmq: Required<JobMetricsOptions> | false;
}

/** Jobs take from milliseconds to an hour. */
const BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600];

/** @throws {MonitoringOptionsError} */
export function resolveJobs(jobs: JobsOptions | false = {}): ResolvedJobs {
  if (jobs === false) return { schedule: false, bullmq: false };
  expectKeys('jobs', jobs, ['schedule', 'bullmq']);
  return {
    schedule: resolveKind('jobs.schedule', jobs.schedule),
    bullmq: resolveKind('jobs.bullmq', jobs.bullmq),
  };
}

function resolveKind(
  option: string,
  kind: JobMetricsOptions | false = {},
): Required<JobMetricsOptions> | false {
  if (kind === false) return false;
  expectKeys(option, kind, ['buckets', 'maxJobs']);
  return {
    buckets: bucketsOf(`${option}.buckets`, kind.buckets, BUCKETS),
    maxJobs: countOf(`${option}.maxJobs`, kind.maxJobs, 100),
  };
}
