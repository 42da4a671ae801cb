import { by, panel, percent, rate, rateOfSum, value, type View } from './panel.js';
import { NODEJS_METRICS, PROCESS_METRICS } from '../../metrics/metric-names.js';

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
  value(PROCESS_METRICS.residentMemory, 'RSS'),
  value(NODEJS_METRICS.heapTotal, 'heap total'),
  value(NODEJS_METRICS.heapUsed, 'heap used'),
  value(NODEJS_METRICS.externalMemory, 'external'),
]);

const UTILIZATION = panel('Event loop utilization', 'ratio', [
  value(NODEJS_METRICS.eventLoopUtilization, 'utilization'),
]);

const PROCESS_CPU = panel(
  'Process CPU',
  'percent',
  [percent(rate(PROCESS_METRICS.cpuUser, 'user')), percent(rate(PROCESS_METRICS.cpuSystem, 'system'))],
  { help: 'Percentage of one core.' },
);

const GARBAGE_COLLECTION = panel(
  'Garbage collection',
  'percent',
  [percent(rateOfSum(NODEJS_METRICS.gcDuration, by('kind')))],
  { help: 'Percentage of time, by kind.' },
);

const HEAP_SPACES = panel('Heap used by space', 'bytes', [value(NODEJS_METRICS.heapSpaceUsed, by('space'))]);

const EMPTY = 'Runtime collectors are disabled (collectors.runtime: false).';

/** Node.js and V8. */
export const RUNTIME: View = {
  name: 'runtime',
  title: 'Runtime',
  empty: EMPTY,
  panels: [
    EVENT_LOOP_LAG,
    UTILIZATION,
    PROCESS_CPU,
    PROCESS_MEMORY,
    GARBAGE_COLLECTION,
    HEAP_SPACES,
    panel('Active resources', 'number', [value(NODEJS_METRICS.activeResources, by('type'))], {
      help: 'Resources that keep the event loop alive.',
    }),
    panel('Open file descriptors', 'number', [value(PROCESS_METRICS.openFds, 'open')]),
  ],
};

/** The event loop: its delay, its load, and the blocks by their culprit. */
export const EVENT_LOOP: View = {
  name: 'event-loop',
  title: 'Event loop',
  empty: EMPTY,
  panels: [
    EVENT_LOOP_LAG,
    UTILIZATION,
    panel('Time blocked', 'ratio', [rate(NODEJS_METRICS.eventLoopBlocked, by('culprit'))], {
      help: 'Share of the time, by the function that blocked the event loop.',
    }),
  ],
};

/** The memory of the process. */
export const MEMORY: View = {
  name: 'memory',
  title: 'Memory',
  empty: EMPTY,
  panels: [PROCESS_MEMORY, HEAP_SPACES, GARBAGE_COLLECTION],
};

/** The most informative charts of the process. */
export const PROCESS: View = {
  name: 'process',
  title: 'Process',
  empty: EMPTY,
  panels: [EVENT_LOOP_LAG, PROCESS_CPU, PROCESS_MEMORY],
};
