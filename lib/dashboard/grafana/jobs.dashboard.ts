import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, type GrafanaRow, query } from './grafana-dashboard.js';
import { FAILURE_THRESHOLDS } from './shared-panels.js';
import { RUN_STATES } from './states.js';
import { top } from './top.js';

// Prometheus has its own label `job`; that of a metric becomes `exported_job`.

const ENDED = 'bullmq_job_duration_seconds_count{}';

const QUEUES: GrafanaRow = {
  title: 'Queues',
  panels: [
    {
      title: 'Jobs in queues',
      description:
        'Jobs in each queue, by state. A line of waiting jobs that only rises means too few workers.',
      unit: 'short',
      queries: [
        // Every process reports the same queue.
        query('max by (queue, state) (bullmq_queue_jobs{}) > 0', '{{queue}} {{state}}'),
      ],
    },
    {
      title: 'Waiting time (p95)',
      description: 'Time from the moment when a job could run until it ran: 95th percentile of each queue.',
      unit: 's',
      queries: [
        query(
          top(
            (range) =>
              `histogram_quantile(0.95, sum by (queue, le) (rate(bullmq_job_wait_duration_seconds_bucket{}${range})))`,
          ),
          '{{queue}}',
        ),
      ],
    },
    {
      kind: 'table',
      title: 'Kinds of jobs',
      description:
        'Attempts of the ten kinds of jobs that took the most time within the time range. An attempt that fails may be repeated.',
      labels: { queue: 'Queue', exported_job: 'Job' },
      columns: [
        {
          title: 'Time',
          unit: 's',
          expr: 'topk(10, sum by (queue, exported_job) (increase(bullmq_job_duration_seconds_sum{}[$__range])))',
        },
        {
          title: 'Attempts',
          unit: 'short',
          expr: `sum by (queue, exported_job) (increase(${ENDED}[$__range]))`,
        },
        {
          title: 'Failed',
          unit: 'percentunit',
          expr: `(sum by (queue, exported_job) (increase(bullmq_job_duration_seconds_count{outcome="error"}[$__range])) or 0 * sum by (queue, exported_job) (increase(${ENDED}[$__range]))) / sum by (queue, exported_job) (increase(${ENDED}[$__range]))`,
          thresholds: FAILURE_THRESHOLDS,
        },
        {
          title: 'Duration (p95)',
          unit: 's',
          expr: 'histogram_quantile(0.95, sum by (queue, exported_job, le) (rate(bullmq_job_duration_seconds_bucket{}[$__range])))',
        },
      ],
    },
    {
      title: 'Duration of jobs (p95)',
      description: '95th percentile of the ten slowest kinds of jobs.',
      unit: 's',
      queries: [
        query(
          top(
            (range) =>
              `histogram_quantile(0.95, sum by (queue, exported_job, le) (rate(bullmq_job_duration_seconds_bucket{}${range})))`,
          ),
          '{{queue}} {{exported_job}}',
        ),
      ],
    },
    {
      title: 'Completed jobs',
      description: 'Jobs per second that succeeded, of the ten most frequent kinds.',
      unit: 'ops',
      queries: [
        query(
          top((range) => `sum by (queue, exported_job) (rate(bullmq_jobs_completed_total{}${range}))`),
          '{{queue}} {{exported_job}}',
        ),
      ],
    },
    {
      title: 'Failures, retries and stalls',
      description:
        'Per second: jobs that failed for good, attempts that are repeated, and jobs whose worker stopped renewing its lock.',
      unit: 'ops',
      links: [{ title: 'Errors', to: UIDS.errors }],
      queries: [
        query(
          top((range) => `sum by (queue, exported_job, error) (rate(bullmq_jobs_failed_total{}${range}))`),
          'failed: {{queue}} {{exported_job}} {{error}}',
        ),
        query(
          top((range) => `sum by (queue, exported_job, error) (rate(bullmq_job_retries_total{}${range}))`),
          'repeated: {{queue}} {{exported_job}} {{error}}',
        ),
        query('sum by (queue) (rate(bullmq_jobs_stalled_total{}[$__rate_interval]))', 'stalled: {{queue}}'),
      ],
    },
  ],
};

const SCHEDULE: GrafanaRow = {
  title: 'Scheduled jobs',
  panels: [
    {
      kind: 'table',
      title: 'Scheduled jobs',
      description:
        'Time since the last run that succeeded, and the runs of the time range. A job that should have run by now is the first row.',
      labels: { exported_job: 'Job' },
      columns: [
        {
          title: 'Last success',
          unit: 's',
          expr: 'time() - max by (exported_job) (scheduled_job_last_success_timestamp_seconds{})',
        },
        {
          title: 'Runs',
          unit: 'short',
          expr: 'sum by (exported_job) (increase(scheduled_job_runs_total{}[$__range]))',
        },
        {
          title: 'Failed',
          unit: 'short',
          expr: 'sum by (exported_job) (increase(scheduled_job_runs_total{outcome="error"}[$__range]))',
          thresholds: [{ value: 0.5, color: 'red' }],
        },
        {
          title: 'Overlaps',
          unit: 'short',
          expr: 'sum by (exported_job) (increase(scheduled_job_overlaps_total{}[$__range]))',
          thresholds: [{ value: 0.5, color: 'yellow' }],
        },
        {
          title: 'Duration (p95)',
          unit: 's',
          expr: 'histogram_quantile(0.95, sum by (exported_job, le) (rate(scheduled_job_duration_seconds_bucket{}[$__range])))',
        },
      ],
    },
    {
      kind: 'state-timeline',
      title: 'Runs in progress',
      description:
        'When each job ran on any instance. Runs shorter than the interval of scrapes may be missed.',
      query: query('max by (exported_job) (scheduled_job_runs_in_progress{} > bool 0)', '{{exported_job}}'),
      states: RUN_STATES,
    },
    {
      title: 'Runs by outcome',
      description: 'Runs per minute.',
      unit: 'cpm',
      colors: { error$: 'red' },
      queries: [
        query(
          top(
            (range) => `60 * sum by (exported_job, outcome) (rate(scheduled_job_runs_total{}${range}))`,
            20,
          ),
          '{{exported_job}} {{outcome}}',
        ),
      ],
    },
    {
      title: 'Duration of runs (p95)',
      description: '95th percentile of the ten slowest jobs.',
      unit: 's',
      queries: [
        query(
          top(
            (range) =>
              `histogram_quantile(0.95, sum by (exported_job, le) (rate(scheduled_job_duration_seconds_bucket{}${range})))`,
          ),
          '{{exported_job}}',
        ),
      ],
    },
  ],
};

/** The queues of BullMQ and the scheduled jobs. */
export const JOBS_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.jobs,
  title: 'Jobs & Queues',
  description: 'Does the work in the background keep up: queues of BullMQ, their jobs, and scheduled jobs.',
  rows: [QUEUES, SCHEDULE],
};
