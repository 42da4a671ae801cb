import { optionNames, type OptionTable, readOptions, switchedGroup } from '../options/option-table.js';
import { type BuildInfoOptions, resolveBuildInfo } from './app-info/build-info.options.js';
import {
  type CacheCollectorOptions,
  type ResolvedCacheCollector,
  resolveCacheCollector,
} from './cache/cache.options.js';
import {
  type DatabaseCollectorOptions,
  type ResolvedDatabaseCollector,
  resolveDatabaseCollector,
} from './database/database.options.js';
import { type QueueCollectorOptions, resolveQueues } from './queues/queues.options.js';
import {
  type ApiStatisticsOptions,
  type ResolvedApiStatistics,
  resolveApiStatistics,
} from './api/api-statistics.options.js';
import {
  type ResolvedRuntime,
  resolveRuntime,
  type RuntimeCollectorOptions,
} from './runtime/runtime.options.js';
import { type ResolvedSystem, resolveSystem, type SystemCollectorOptions } from './system/system.options.js';

/** Collectors of the process, the system, and the databases, caches and queues of the application. */
export interface CollectorsOptions {
  /** Collectors of the `process_*` and `nodejs_*` metrics; false disables them. @default {} */
  readonly runtime?: RuntimeCollectorOptions | boolean;
  /** Collector of the jobs in BullMQ queues, if the application has any; false disables it. @default {} */
  readonly queues?: QueueCollectorOptions | boolean;
  /** Collectors of the `system_*` metrics of the machine or container; false disables them. @default { intervalMs: 10_000 } */
  readonly system?: SystemCollectorOptions | boolean;
  /** Collectors of the `db_client_*` metrics and of database server statistics; false disables them. @default {} */
  readonly database?: DatabaseCollectorOptions | boolean;
  /** Collectors of the `cache_*` and `redis_*` metrics; false disables them. @default {} */
  readonly cache?: CacheCollectorOptions | boolean;
  /** Labels of `application_build_info`; false disables it and `monitoring_build_info`. @default {} */
  readonly build?: BuildInfoOptions | boolean;
  /** Request statistics by endpoint over a sliding window; false disables them. @default {} */
  readonly api?: ApiStatisticsOptions | boolean;
}

/** Options of all collectors, with every default filled in. */
export interface ResolvedCollectors {
  readonly runtime: ResolvedRuntime | false;
  readonly queues: QueueCollectorOptions | false;
  readonly system: ResolvedSystem | false;
  readonly database: ResolvedDatabaseCollector | false;
  readonly cache: ResolvedCacheCollector | false;
  readonly build: BuildInfoOptions | false;
  readonly api: ResolvedApiStatistics | false;
}

export const COLLECTORS: OptionTable<CollectorsOptions, ResolvedCollectors> = {
  runtime: switchedGroup(resolveRuntime),
  system: switchedGroup((system: SystemCollectorOptions | false | undefined) => resolveSystem(system)),
  database: switchedGroup(resolveDatabaseCollector),
  cache: switchedGroup(resolveCacheCollector),
  queues: switchedGroup(resolveQueues),
  build: switchedGroup(resolveBuildInfo),
  api: switchedGroup(resolveApiStatistics),
};

/** @throws {MonitoringOptionsError} */
export function resolveCollectors(collectors: CollectorsOptions | false = {}): ResolvedCollectors {
  const off = Object.fromEntries(optionNames(COLLECTORS).map((name) => [name, false]));
  return readOptions<CollectorsOptions, ResolvedCollectors>('collectors', collectors || off, COLLECTORS);
}
