import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, type GrafanaPanel, type GrafanaRow, query } from './grafana-dashboard.js';
import { SATURATION_THRESHOLDS } from './shared-panels.js';
import { top, topGauge, topResults } from './top.js';

const POOL_USE =
  'sum by (instance, pool) (db_client_connections{state="used"}) / sum by (instance, pool) (db_client_connections_max{})';
const FDS_USE = 'process_open_fds{} / process_max_fds{}';

/** Returns the figure of the instance that is closest to the limit of a resource. */
function worst(title: string, description: string, expr: string): GrafanaPanel {
  return {
    kind: 'stat',
    title,
    description,
    unit: 'percentunit',
    width: 4,
    query: query(expr, title),
    thresholds: SATURATION_THRESHOLDS,
  };
}

const NOW: GrafanaRow = {
  title: 'The fullest of each resource',
  panels: [
    worst(
      'Event loop',
      'Utilization of the busiest event loop.',
      'max (nodejs_eventloop_utilization_ratio{})',
    ),
    worst(
      'Heap',
      'Heap in use after the last major garbage collection, as a share of its limit, where it is highest.',
      'max (nodejs_heap_after_gc_ratio{})',
    ),
    worst(
      'CPU',
      'Share of all cores, or of the CPU limit of the container, where it is highest.',
      'max (system_cpu_percent{}) / 100',
    ),
    worst(
      'Memory',
      'Share of the memory, or of the memory limit of the container, where it is highest.',
      'max (system_memory_percent{}) / 100',
    ),
    worst('File descriptors', 'Share of the open files and sockets that are allowed.', `max (${FDS_USE})`),
    worst('Connections', 'Share of the connections of the fullest database pool.', `max (${POOL_USE})`),
  ],
};

const PROCESS: GrafanaRow = {
  title: 'Event loop and threads',
  panels: [
    {
      title: 'Event loop utilization',
      description: 'Share of time that the event loop is busy, on the ten busiest instances.',
      unit: 'percentunit',
      max: 1,
      links: [{ title: 'Runtime', to: UIDS.runtime }],
      queries: [query(topGauge('nodejs_eventloop_utilization_ratio{}'), '{{instance}}')],
    },
    {
      title: 'Event loop lag (p99)',
      description: 'Delay of timers and callbacks, on the ten instances with the longest.',
      unit: 's',
      links: [{ title: 'Runtime', to: UIDS.runtime }],
      queries: [query(topGauge('nodejs_eventloop_lag_p99_seconds{}'), '{{instance}}')],
    },
    {
      title: 'Blocked by',
      description: 'Share of time in which a function blocked the event loop, of the ten worst functions.',
      unit: 'percentunit',
      queries: [
        query(
          top((range) => `sum by (culprit) (rate(nodejs_eventloop_blocks_seconds_total{}${range}))`),
          '{{culprit}}',
        ),
      ],
    },
    {
      title: 'Requests in flight',
      description: 'Requests being processed, on the ten instances with the most.',
      unit: 'short',
      queries: [query(topResults('sum by (instance) (http_requests_in_progress{})'), '{{instance}}')],
    },
    {
      title: 'Waiting for a thread (p95)',
      description:
        'Time that file access, DNS, compression and cryptography wait for a thread of the libuv pool. More threads: UV_THREADPOOL_SIZE.',
      unit: 's',
      queries: [
        query(
          top(
            (range) =>
              `histogram_quantile(0.95, sum by (instance, le) (rate(nodejs_threadpool_wait_seconds_bucket{}${range})))`,
          ),
          '{{instance}}',
        ),
      ],
    },
    {
      title: 'Garbage collection',
      description: 'Share of time spent in garbage collection, on the ten instances with the most.',
      unit: 'percentunit',
      queries: [
        query(
          top((range) => `sum by (instance) (rate(nodejs_gc_duration_seconds_sum{}${range}))`),
          '{{instance}}',
        ),
      ],
    },
  ],
};

const LIMITS: GrafanaRow = {
  title: 'Memory and limits',
  panels: [
    {
      title: 'Heap after garbage collection',
      description:
        'Heap that is in use for long, as a share of its limit. A line that only rises means a leak.',
      unit: 'percentunit',
      max: 1,
      queries: [query(topGauge('nodejs_heap_after_gc_ratio{}'), '{{instance}}')],
    },
    {
      title: 'CPU and throttling',
      description:
        'CPU of the machine or container, and the share of periods in which its limit throttled it.',
      unit: 'percentunit',
      links: [{ title: 'System Overview', to: UIDS.system }],
      queries: [
        query(topResults('system_cpu_percent{} / 100'), '{{instance}} CPU'),
        query(
          top(
            (range) =>
              `sum by (instance) (rate(system_cpu_throttled_periods_total{}${range})) / sum by (instance) (rate(system_cpu_periods_total{}${range}))`,
          ),
          '{{instance}} throttled',
        ),
      ],
    },
    {
      title: 'Database connections in use',
      description: 'Share of each pool that is in use, of the ten fullest ones.',
      unit: 'percentunit',
      max: 1,
      links: [{ title: 'Database & Cache', to: UIDS.database }],
      queries: [query(topResults(POOL_USE), '{{instance}} {{pool}}')],
    },
    {
      title: 'Waiting for a connection',
      description: 'Time to obtain a connection (95th percentile), of the ten slowest pools.',
      unit: 's',
      links: [{ title: 'Database & Cache', to: UIDS.database }],
      queries: [
        query(
          top(
            (range) =>
              `histogram_quantile(0.95, sum by (pool, le) (rate(db_client_connection_wait_seconds_bucket{}${range})))`,
          ),
          '{{pool}}',
        ),
      ],
    },
    {
      title: 'Waiting jobs',
      description: 'Jobs that wait, of the ten longest queues.',
      unit: 'short',
      links: [{ title: 'Jobs & Queues', to: UIDS.jobs }],
      queries: [
        query(
          topResults(
            'sum by (queue) (max by (queue, state) (bullmq_queue_jobs{state=~"waiting|prioritized"}))',
          ),
          '{{queue}}',
        ),
      ],
    },
    {
      title: 'File descriptors in use',
      description: 'Share of the open files and sockets that are allowed, on the ten fullest instances.',
      unit: 'percentunit',
      max: 1,
      queries: [query(topResults(FDS_USE), '{{instance}}')],
    },
  ],
};

/** The resources that may be used up. */
export const SATURATION_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.saturation,
  title: 'Saturation',
  description: 'Which resource is used up: event loop, threads, heap, CPU, memory, connections, queues.',
  rows: [NOW, PROCESS, LIMITS],
};
