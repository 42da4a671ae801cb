import { bucketsOf, countOf, expectKeys } from '../../options/option-checks.js';

/** Options of the metrics of jobs, for applications that have jobs. */
export interface JobsOptions {
  /** Metrics of methods with `@Cron()`, `@Interval()` and `@Timeout()` of `@nestjs/schedule`; false disables. @default {} */
  readonly schedule?: JobMetricsOptions | false;
  /** Metrics of the jobs that BullMQ workers process; false disables. @default {} */
  readonly bullmq?: JobMetricsOptions | false;
}

/** Options of the metrics of one kind of job. */
export interface JobMetricsOptions {
  /**
   * Upper bounds of the duration buckets, in seconds.
   * @default 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600
   */
  readonly buckets?: readonly number[];
  /** Maximum number of distinct values of the label `job`; further job names share `other`. @default 100 */
  readonly maxJobs?: number;
}

/** Resolved options of the metrics of jobs; false where a kind of job is not measured. */
export interface ResolvedJobs {
  readonly schedule: Required<JobMetricsOptions> | false;
  readonly bullmq: Required<JobMetricsOptions> | false;
}

/** Buckets for jobs, which take from milliseconds to an hour. */
const JOB_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600];

/** @throws {MonitoringOptionsError} for invalid options */
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
    buckets: bucketsOf(`${option}.buckets`, kind.buckets, JOB_BUCKETS),
    maxJobs: countOf(`${option}.maxJobs`, kind.maxJobs, 100),
  };
}
