import type { Aggregation } from '../metrics/metric-definition.js';
import type { MetricFamily } from '../metrics/snapshot.js';
import { PROCESS_METRICS } from '../metrics/metric-names.js';

/** The way in which the values of several workers are merged. */
export interface AggregationRule {
  readonly aggregate: Aggregation;
  /**
   * Scope in which all workers report the same value: threads of a process share its CPU time, and all workers share the
   * machine, database servers and queues. Shared values are not added up.
   */
  readonly sharedBy?: 'process' | 'machine';
}

const SUM: AggregationRule = { aggregate: 'sum' };
const MAX: AggregationRule = { aggregate: 'max' };
const MIN: AggregationRule = { aggregate: 'min' };
const AVERAGE: AggregationRule = { aggregate: 'average' };
const PER_PROCESS: AggregationRule = { aggregate: 'sum', sharedBy: 'process' };
const PER_MACHINE: AggregationRule = { aggregate: 'max', sharedBy: 'machine' };

/** Rules of the metrics of this library that are not summed. The first match counts; `*` matches any rest of a name. */
const BUILT_IN: readonly (readonly [rule: AggregationRule, names: string])[] = [
  // The machine or container, and servers outside of the application.
  [PER_MACHINE, 'system_* postgresql_* mysql_* sqlite_* bullmq_queue_jobs'],
  [PER_MACHINE, 'nodejs_version_info monitoring_build_info application_build_info'],
  [SUM, 'redis_client_*'],
  [PER_MACHINE, 'redis_*'],
  // Derived from the history, which every worker keeps for all workers.
  [PER_MACHINE, 'api_* monitoring_alerts'],
  [PER_PROCESS, 'process_cpu_* process_resident_memory_bytes process_virtual_memory_bytes process_open_fds'],
  [PER_PROCESS, 'process_threads nodejs_threadpool_size'],
  // The process with the lowest limit reaches it first.
  [{ aggregate: 'min', sharedBy: 'process' }, PROCESS_METRICS.maxFds],
  [{ aggregate: 'min', sharedBy: 'process' }, PROCESS_METRICS.startTime],
  [MIN, 'nodejs_eventloop_lag_min_seconds'],
  [AVERAGE, 'nodejs_eventloop_lag_mean_seconds'],
  // Clients notice one lagging event loop, however idle the others are.
  [MAX, 'nodejs_eventloop_* nodejs_gc_time_ratio nodejs_heap_after_gc_ratio'],
  [MAX, 'scheduled_job_last_*'],
  [MIN, 'monitoring_collector_success monitoring_health_status'],
  [MAX, 'monitoring_collector_duration_seconds monitoring_scrape_bytes monitoring_series'],
  [
    MAX,
    'monitoring_history_series monitoring_exporter_lag_seconds monitoring_rule_evaluation_duration_seconds',
  ],
];

/** Returns the rule of a metric: that of its definition, else the built-in one, else the sum. */
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
