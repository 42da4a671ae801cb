import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, query } from './grafana-dashboard.js';
import { top, topGauge } from './top.js';

/** The Node.js process. */
export const RUNTIME_DASHBOARD: GrafanaDashboard = {
  uid: UIDS.runtime,
  title: 'Runtime',
  description: 'Event loop, garbage collection, heap, CPU and file descriptors of the process.',
  rows: [
    {
      title: 'Event loop and CPU',
      panels: [
        {
          title: 'Event loop lag',
          description:
            'Delay of timers and callbacks. Above some tens of milliseconds, it slows down every request.',
          unit: 's',
          queries: [
            query(topGauge('nodejs_eventloop_lag_p50_seconds{}'), '{{instance}} p50'),
            query(topGauge('nodejs_eventloop_lag_p99_seconds{}'), '{{instance}} p99'),
          ],
        },
        {
          title: 'Event loop utilization',
          description: 'Share of time that the event loop is busy. Near 100 %, the process is saturated.',
          unit: 'percentunit',
          queries: [query(topGauge('nodejs_eventloop_utilization_ratio{}'), '{{instance}}')],
          max: 1,
        },
        {
          title: 'Process CPU',
          description: 'Share of one core. More than 100 % includes other threads.',
          unit: 'percentunit',
          queries: [
            query(
              top((range) => `rate(process_cpu_seconds_total{}${range})`),
              '{{instance}}',
            ),
          ],
        },
        {
          title: 'Open file descriptors',
          description: 'Open sockets and files. At the limit, no more can be opened.',
          unit: 'short',
          queries: [
            query(topGauge('process_open_fds{}'), '{{instance}} open'),
            query(topGauge('process_max_fds{}'), '{{instance}} limit'),
          ],
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Process memory',
          description: 'Resident set size (RSS), and the V8 heap within it.',
          unit: 'bytes',
          queries: [
            query(topGauge('process_resident_memory_bytes{}'), '{{instance}} RSS'),
            query(topGauge('nodejs_heap_size_total_bytes{}'), '{{instance}} heap total'),
            query(topGauge('nodejs_heap_size_used_bytes{}'), '{{instance}} heap used'),
          ],
        },
        {
          title: 'Heap used by space',
          description: 'The old space holds long-lived objects. A line that only rises means a leak.',
          unit: 'bytes',
          queries: [query('sum by (space) (nodejs_heap_space_size_used_bytes{})', '{{space}}')],
        },
        {
          title: 'Garbage collection',
          description:
            'Share of time spent in garbage collection, by kind. A high share of major collections means that the heap is too small.',
          unit: 'percentunit',
          queries: [
            query('sum by (kind) (rate(nodejs_gc_duration_seconds_sum{}[$__rate_interval]))', '{{kind}}'),
          ],
        },
        {
          title: 'Active resources',
          description: 'Resources that keep the event loop alive, by type.',
          unit: 'short',
          queries: [query('sum by (type) (nodejs_active_resources{})', '{{type}}')],
        },
      ],
    },
  ],
};
