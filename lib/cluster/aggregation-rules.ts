import type { Aggregation } from '../metrics/metric-definition.js';
import type { MetricFamily } from '../metrics/snapshot.js';

/** How the numbers of several workers become one. */
export interface AggregationRule {
  readonly aggregate: Aggregation;
  /**
   * Who has the number, if not each worker for itself: the threads of a process show the same processor time, and
   * every worker shows the same machine, database server or queue. What is shared is not added up.
   */
  readonly sharedBy?: 'process' | 'machine';
}

const SUM: AggregationRule = { aggregate: 'sum' };
const MAX: AggregationRule = { aggregate: 'max' };
const MIN: AggregationRule = { aggregate: 'min' };
const AVERAGE: AggregationRule = { aggregate: 'average' };
const OF_THE_PROCESS: AggregationRule = { aggregate: 'sum', sharedBy: 'process' };
const OF_THE_MACHINE: AggregationRule = { aggregate: 'max', sharedBy: 'machine' };

/**
 * What is not simply summed of the metrics of this library: the first rule that has the name, or with `*` how it
 * begins.
 */
const BUILT_IN: readonly (readonly [rule: AggregationRule, names: string])[] = [
  // The machine or its container, and what stands outside of every worker.
  [OF_THE_MACHINE, 'system_* postgresql_* mysql_* sqlite_* bullmq_queue_jobs'],
  [OF_THE_MACHINE, 'nodejs_version_info monitoring_build_info application_build_info'],
  [SUM, 'redis_client_*'],
  [OF_THE_MACHINE, 'redis_*'],
  // Worked out of the history, which every worker has of all of them.
  [OF_THE_MACHINE, 'api_* monitoring_alerts'],
  [
    OF_THE_PROCESS,
    'process_cpu_* process_resident_memory_bytes process_virtual_memory_bytes process_open_fds',
  ],
  [OF_THE_PROCESS, 'process_threads nodejs_threadpool_size'],
  // The one that is nearest to it reaches its limit first.
  [{ aggregate: 'min', sharedBy: 'process' }, 'process_max_fds'],
  [{ aggregate: 'min', sharedBy: 'process' }, 'process_start_time_seconds'],
  [MIN, 'nodejs_eventloop_lag_min_seconds'],
  [AVERAGE, 'nodejs_eventloop_lag_mean_seconds'],
  // One event loop that lags is seen by its clients, however idle the others are.
  [MAX, 'nodejs_eventloop_* nodejs_gc_time_ratio nodejs_heap_after_gc_ratio'],
  [MAX, 'scheduled_job_last_*'],
  [MIN, 'monitoring_collector_success monitoring_health_status'],
  [MAX, 'monitoring_collector_duration_seconds monitoring_scrape_bytes monitoring_series'],
  [
    MAX,
    'monitoring_history_series monitoring_exporter_lag_seconds monitoring_rule_evaluation_duration_seconds',
  ],
];

/** The rule for a metric: what its definition says, what is built in, or else the sum. */
export function ruleOf(family: MetricFamily): AggregationRule {
  if (family.type === 'histogram') return SUM;
  if (family.aggregate !== undefined) return { aggregate: family.aggregate };
  return (
    BUILT_IN.find(([, names]) => names.split(' ').some((name) => matches(name, family.name)))?.[0] ?? SUM
  );
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
