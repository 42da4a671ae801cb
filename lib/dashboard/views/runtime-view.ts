import { by, panel, percent, rate, rateOfSum, value, type View } from './panel.js';

/** The delay of timers and callbacks. */
export const EVENT_LOOP_LAG = panel(
  'Event loop lag',
  'seconds',
  [
    value('nodejs_eventloop_lag_p50_seconds', 'p50'),
    value('nodejs_eventloop_lag_p99_seconds', 'p99'),
    value('nodejs_eventloop_lag_max_seconds', 'max'),
  ],
  { help: 'Delay of timers and callbacks.' },
);

/** The memory of the process, and the V8 heap within it. */
export const PROCESS_MEMORY = panel('Process memory', 'bytes', [
  value('process_resident_memory_bytes', 'RSS'),
  value('nodejs_heap_size_total_bytes', 'heap total'),
  value('nodejs_heap_size_used_bytes', 'heap used'),
  value('nodejs_external_memory_bytes', 'external'),
]);

/** Node.js and V8. */
export const RUNTIME: View = {
  name: 'runtime',
  title: 'Runtime',
  empty: 'Runtime collectors are disabled (collectors.runtime: false).',
  panels: [
    EVENT_LOOP_LAG,
    panel('Event loop utilization', 'ratio', [value('nodejs_eventloop_utilization_ratio', 'utilization')]),
    panel(
      'Process CPU',
      'percent',
      [
        percent(rate('process_cpu_user_seconds_total', 'user')),
        percent(rate('process_cpu_system_seconds_total', 'system')),
      ],
      { help: 'Percentage of one core.' },
    ),
    PROCESS_MEMORY,
    panel('Garbage collection', 'percent', [percent(rateOfSum('nodejs_gc_duration_seconds', by('kind')))], {
      help: 'Percentage of time, by kind.',
    }),
    panel('Heap used by space', 'bytes', [value('nodejs_heap_space_size_used_bytes', by('space'))]),
    panel('Active resources', 'number', [value('nodejs_active_resources', by('type'))], {
      help: 'Resources that keep the event loop alive.',
    }),
    panel('Open file descriptors', 'number', [value('process_open_fds', 'open')]),
  ],
};
