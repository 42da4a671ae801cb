import { NODEJS_METRICS, PROCESS_METRICS } from '../metric-names.js';
import { EVENT_LOOP_STATE } from './semantic-recording.js';
import { constant, renamed, type SemanticAttribute, type SemanticMetric } from './semantic-metric.js';

const SPACE = renamed('v8js.heap.space.name', 'space', (space) => `${space}_space`);

/** The statistics of the event loop delay, with their help. */
const DELAYS = {
  min: 'Event loop minimum delay.',
  max: 'Event loop maximum delay.',
  mean: 'Event loop mean delay.',
  stddev: 'Event loop standard deviation delay.',
  p50: 'Event loop 50 percentile delay.',
  p90: 'Event loop 90 percentile delay.',
  p99: 'Event loop 99 percentile delay.',
} as const;

/** The metrics of the process, of V8 and of the event loop. */
export const RUNTIME_SEMANTICS: readonly SemanticMetric[] = [
  {
    ...runtimeMetric(
      'process.cpu.time',
      'counter',
      's',
      'Total CPU seconds broken down by different CPU modes.',
    ),
    sources: [cpuSource(PROCESS_METRICS.cpuUser, 'user'), cpuSource(PROCESS_METRICS.cpuSystem, 'system')],
  },
  single(
    'process.memory.usage',
    'updowncounter',
    'By',
    'The amount of physical memory in use.',
    PROCESS_METRICS.residentMemory,
  ),
  single(
    'process.memory.virtual',
    'updowncounter',
    'By',
    'The amount of committed virtual memory.',
    PROCESS_METRICS.virtualMemory,
  ),
  single(
    'process.thread.count',
    'updowncounter',
    '{thread}',
    'Process threads count.',
    PROCESS_METRICS.threads,
  ),
  single(
    'process.unix.file_descriptor.count',
    'updowncounter',
    '{file_descriptor}',
    'Number of Unix file descriptors in use by the process.',
    PROCESS_METRICS.openFds,
  ),
  {
    ...runtimeMetric('process.uptime', 'gauge', 's', 'The time the process has been running.'),
    sources: [
      {
        metric: PROCESS_METRICS.startTime,
        labelNames: [],
        attributes: [],
        convert: (startedAt, timestamp) => Math.max(0, timestamp / 1000 - startedAt),
      },
    ],
    // An uptime cannot say when the process started, which every rule about restarts reads.
    keepsOwn: true,
  },
  ...Object.entries(DELAYS).map(([statistic, help]) => ({
    ...single(
      `nodejs.eventloop.delay.${statistic}`,
      'gauge',
      's',
      help,
      `nodejs_eventloop_lag_${statistic}_seconds`,
    ),
    ...(statistic === 'mean' && { covers: [{ metric: NODEJS_METRICS.eventLoopLag }] }),
  })),
  single(
    'nodejs.eventloop.time',
    'counter',
    's',
    'Cumulative duration of time the event loop has been in each state.',
    NODEJS_METRICS.eventLoopTime,
    [EVENT_LOOP_STATE],
    [renamed('nodejs.eventloop.state', EVENT_LOOP_STATE)],
  ),
  single(
    'nodejs.eventloop.utilization',
    'gauge',
    '1',
    'Event loop utilization.',
    NODEJS_METRICS.eventLoopUtilization,
  ),
  single(
    'v8js.gc.duration',
    'histogram',
    's',
    'Garbage collection duration.',
    NODEJS_METRICS.gcDuration,
    ['kind'],
    [renamed('v8js.gc.type', 'kind')],
  ),
  single(
    'v8js.memory.heap.used',
    'updowncounter',
    'By',
    'Heap memory size allocated.',
    NODEJS_METRICS.heapSpaceUsed,
    ['space'],
    [SPACE],
  ),
  single(
    'v8js.memory.heap.space.size',
    'updowncounter',
    'By',
    'Total heap memory size pre-allocated for a heap space.',
    NODEJS_METRICS.heapSpaceTotal,
    ['space'],
    [SPACE],
  ),
  single(
    'v8js.memory.heap.space.available_size',
    'updowncounter',
    'By',
    'Heap space available size.',
    NODEJS_METRICS.heapSpaceAvailable,
    ['space'],
    [SPACE],
  ),
  single(
    'v8js.resource.active',
    'gauge',
    '{resource}',
    'Active resources that currently keep the event loop alive.',
    NODEJS_METRICS.activeResources,
    ['type'],
    [renamed('v8js.resource.type', 'type')],
  ),
];

function runtimeMetric(
  name: string,
  instrument: SemanticMetric['instrument'],
  unit: string,
  help: string,
): Omit<SemanticMetric, 'sources'> {
  return { name, domain: 'runtime', instrument, unit, help };
}

/** Returns a metric with one source. */
function single(
  name: string,
  instrument: SemanticMetric['instrument'],
  unit: string,
  help: string,
  metric: string,
  labelNames: readonly string[] = [],
  attributes: readonly SemanticAttribute[] = [],
): SemanticMetric {
  return { ...runtimeMetric(name, instrument, unit, help), sources: [{ metric, labelNames, attributes }] };
}

function cpuSource(metric: string, mode: string): SemanticMetric['sources'][number] {
  return { metric, labelNames: [], attributes: [constant('cpu.mode', mode)] };
}
