import { TO_ROUTE, UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { FAILURE_THRESHOLDS, failedShare, failingRoutes } from './shared-panels.js';
import { top } from './top.js';

const EXCEPTIONS = 'exceptions_total{}';

/** The errors of the application, by exception and by where they occur. */
export const ERRORS_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.errors,
  title: 'Errors',
  description: 'Which exception, since when and where: errors of requests, jobs, statements and the process.',
  rows: [
    {
      title: 'Exceptions',
      panels: [
        {
          kind: 'stat',
          title: 'Exceptions',
          description: 'Exceptions per minute: of requests, jobs and messages.',
          unit: 'cpm',
          width: 6,
          query: query(`60 * sum (rate(${EXCEPTIONS}[$__rate_interval]))`, 'exceptions'),
          noValue: '0',
        },
        {
          kind: 'stat',
          title: 'Classes of exceptions',
          description: 'Classes that occurred within the last hour.',
          unit: 'short',
          width: 6,
          query: query(`count (sum by (error) (increase(${EXCEPTIONS}[1h])) > 0) or vector(0)`, 'classes'),
        },
        {
          kind: 'stat',
          title: 'Failed requests',
          description: 'Share of requests with a 5xx response.',
          unit: 'percentunit',
          width: 6,
          query: query(failedShare(''), 'failed'),
          thresholds: FAILURE_THRESHOLDS,
        },
        {
          kind: 'stat',
          title: 'Uncaught',
          description:
            'Exceptions and rejections of promises within the last hour that nothing handled. Each is a bug.',
          unit: 'short',
          width: 6,
          query: query(
            '(sum (increase(process_uncaught_exceptions_total{}[1h])) or vector(0)) + (sum (increase(process_unhandled_rejections_total{}[1h])) or vector(0))',
            'uncaught',
          ),
          thresholds: [{ value: 1, color: 'red' }],
        },
        {
          kind: 'table',
          title: 'Exceptions',
          description:
            'The twenty most frequent within the time range, by class and route; of those outside of HTTP requests, the route is their source, such as <job>.',
          labels: { error: 'Exception', route: 'Route' },
          links: [TO_ROUTE],
          columns: [
            {
              title: 'Count',
              unit: 'short',
              expr: `topk(20, sum by (error, route) (increase(${EXCEPTIONS}[$__range])) > 0)`,
            },
          ],
        },
        failingRoutes([TO_ROUTE]),
        {
          title: 'Exceptions by class',
          description: 'Exceptions per second, of the ten most frequent classes.',
          unit: 'ops',
          queries: [
            query(
              top((range) => `sum by (error) (rate(${EXCEPTIONS}${range}))`),
              '{{error}}',
            ),
          ],
        },
        {
          title: 'Exceptions by route',
          description: 'Exceptions per second, on the ten routes with the most.',
          unit: 'ops',
          queries: [
            query(
              top((range) => `sum by (route) (rate(${EXCEPTIONS}${range}))`),
              '{{route}}',
            ),
          ],
          links: [TO_ROUTE],
        },
      ],
    },
    {
      title: 'Elsewhere',
      panels: [
        {
          title: 'Requests that are refused',
          description:
            'Responses with a 4xx status per second, of the ten routes and statuses with the most.',
          unit: 'reqps',
          links: [TO_ROUTE],
          queries: [
            query(
              top(
                (range) =>
                  `sum by (method, route, status_code) (rate(http_requests_total{status_code=~"4.."}${range}))`,
              ),
              '{{method}} {{route}} {{status_code}}',
            ),
          ],
        },
        {
          title: 'Statements that fail',
          description: 'Database statements that failed per second, by class or code of the error.',
          unit: 'ops',
          links: [{ title: 'Database & Cache', to: UIDS.database }],
          queries: [
            query(
              top(
                (range) =>
                  `sum by (system, operation, error) (rate(db_client_operation_errors_total{}${range}))`,
              ),
              '{{system}} {{operation}} {{error}}',
            ),
          ],
        },
        {
          title: 'Failures of others and of jobs',
          description: 'Per second: outgoing requests without a response, and runs and jobs that failed.',
          unit: 'ops',
          links: [
            { title: 'Outgoing HTTP', to: UIDS.outgoing },
            { title: 'Jobs & Queues', to: UIDS.jobs },
          ],
          queries: [
            query(
              top((range) => `sum by (host, error) (rate(http_client_errors_total{}${range}))`),
              '{{host}} {{error}}',
            ),
            query(
              top((range) => `sum by (exported_job, error) (rate(scheduled_job_errors_total{}${range}))`),
              '{{exported_job}} {{error}}',
            ),
            query(
              top(
                (range) => `sum by (queue, exported_job, error) (rate(bullmq_jobs_failed_total{}${range}))`,
              ),
              '{{queue}} {{exported_job}} {{error}}',
            ),
          ],
        },
        {
          title: 'Process and log',
          description:
            'Per second: what nothing caught, warnings of the process, and log messages of the levels warn, error and fatal.',
          unit: 'ops',
          queries: [
            query(
              'sum by (error) (rate(process_uncaught_exceptions_total{}[$__rate_interval]))',
              'uncaught {{error}}',
            ),
            query(
              'sum by (error) (rate(process_unhandled_rejections_total{}[$__rate_interval]))',
              'unhandled {{error}}',
            ),
            query(
              'sum by (warning, code) (rate(process_warnings_total{}[$__rate_interval]))',
              '{{warning}} {{code}}',
            ),
            query(
              'sum by (level) (rate(log_messages_total{level=~"warn|error|fatal"}[$__rate_interval]))',
              'log {{level}}',
            ),
          ],
        },
      ],
    },
  ],
};
