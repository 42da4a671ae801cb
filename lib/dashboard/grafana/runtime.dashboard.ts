import { type GrafanaDashboard, query } from './grafana-dashboard.js';

/** The process: Node.js and V8. */
export const RUNTIME_DASHBOARD: GrafanaDashboard = {
  uid: 'nestjs-monitoring-runtime',
  title: 'Runtime',
  description: 'Event loop, garbage collection, heap, CPU and file descriptors of the process.',
  rows: [
    {
      title: 'Event loop and CPU',
      panels: [
        {
          title: 'Event loop lag',
          description:
            'How late timers and callbacks were. Above some tens of milliseconds every request feels it.',
          unit: 's',
          queries: [
            query('nodejs_eventloop_lag_p50_seconds{}', '{{instance}} p50'),
            query('nodejs_eventloop_lag_p99_seconds{}', '{{instance}} p99'),
          ],
        },
        {
          title: 'Event loop in use',
          description:
            'Share of the time that the event loop was busy. Near 100 % the process cannot do more.',
          unit: 'percentunit',
          queries: [query('nodejs_eventloop_utilization_ratio{}', '{{instance}}')],
          max: 1,
        },
        {
          title: 'CPU of the process',
          description: 'Of one core; more than 100 % is the work of other threads.',
          unit: 'percentunit',
          queries: [query('rate(process_cpu_seconds_total{}[$__rate_interval])', '{{instance}}')],
        },
        {
          title: 'Open file descriptors',
          description: 'Sockets and files. At the limit nothing can be opened any more.',
          unit: 'short',
          queries: [
            query('process_open_fds{}', '{{instance}} open'),
            query('process_max_fds{}', '{{instance}} limit'),
          ],
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Memory of the process',
          description: 'Resident memory, and the heap of V8 within it.',
          unit: 'bytes',
          queries: [
            query('process_resident_memory_bytes{}', '{{instance}} resident'),
            query('nodejs_heap_size_total_bytes{}', '{{instance}} heap'),
            query('nodejs_heap_size_used_bytes{}', '{{instance}} heap in use'),
          ],
        },
        {
          title: 'Heap by space',
          description: 'The old space holds what lives long: a line that only climbs is a leak.',
          unit: 'bytes',
          queries: [query('sum by (space) (nodejs_heap_space_size_used_bytes{})', '{{space}}')],
        },
        {
          title: 'Time in garbage collection',
          description:
            'Share of the time by kind. Much time in major collections means that the heap is too small.',
          unit: 'percentunit',
          queries: [
            query('sum by (kind) (rate(nodejs_gc_duration_seconds_sum{}[$__rate_interval]))', '{{kind}}'),
          ],
        },
        {
          title: 'Active resources',
          description: 'What keeps the event loop alive, by type.',
          unit: 'short',
          queries: [query('sum by (type) (nodejs_active_resources{})', '{{type}}')],
        },
      ],
    },
  ],
};
