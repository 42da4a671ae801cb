import { buckets, count, type OptionTable, readOptions, switchedGroup } from '../../options/option-table.js';

/** Options of the metrics of jobs, for applications that have jobs. */
export interface JobsOptions {
  /** Metrics of methods with `@Cron()`, `@Interval()` and `@Timeout()` of `@nestjs/schedule`; false disables. @default {} */
  readonly schedule?: JobMetricsOptions | boolean;
  /** Metrics of the jobs that BullMQ workers process; false disables. @default {} */
  readonly bullmq?: JobMetricsOptions | boolean;
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

export const KIND: OptionTable<JobMetricsOptions> = { buckets: buckets(JOB_BUCKETS), maxJobs: count(100) };
export const JOBS: OptionTable<JobsOptions, ResolvedJobs> = {
  schedule: switchedGroup(resolveKind),
  bullmq: switchedGroup(resolveKind),
};

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveJobs(jobs: JobsOptions | false = {}): ResolvedJobs {
  if (jobs === false) return { schedule: false, bullmq: false };
  return readOptions('jobs', jobs, JOBS);
}

function resolveKind(kind: JobMetricsOptions | false = {}, option: string): ResolvedJobs['schedule'] {
  return kind !== false && readOptions(option, kind, KIND);
}
