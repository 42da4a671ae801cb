import { expectKeys } from '../options/option-checks.js';
import { type BuildInfoOptions, resolveBuildInfo } from './app-info/build.options.js';
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
import { type QueuesOptions, resolveQueues } from './queues/queues.options.js';
import {
  type ApiStatisticsOptions,
  type ResolvedApiStatistics,
  resolveApiStatistics,
} from './api/api.options.js';
import { type ResolvedRuntime, resolveRuntime, type RuntimeOptions } from './runtime/runtime.options.js';
import { type ResolvedSystem, resolveSystem, type SystemOptions } from './system/system.options.js';

/** What is measured of the process, its surroundings and what the application uses. */
export interface CollectorsOptions {
  /** The `process_*` and `nodejs_*` metrics; false leaves them out. @default {} */
  readonly runtime?: RuntimeOptions | false;
  /** How many jobs the queues of BullMQ have, where there are some; false leaves it out. @default {} */
  readonly queues?: QueuesOptions | false;
  /** The `system_*` metrics of the machine or the container; false leaves them out. @default { intervalMs: 10_000 } */
  readonly system?: SystemOptions | false;
  /** The `db_client_*` metrics and the statistics of the database servers; false leaves them out. @default {} */
  readonly database?: DatabaseCollectorOptions | false;
  /** The `cache_*` and `redis_*` metrics; false leaves them out. @default {} */
  readonly cache?: CacheCollectorOptions | false;
  /** What `application_build_info` says; false leaves it and `monitoring_build_info` out. @default {} */
  readonly build?: BuildInfoOptions | false;
  /** Requests summed up by endpoint over a window that moves; false leaves that out. @default {} */
  readonly api?: ApiStatisticsOptions | false;
}

/** Which collectors there are, with every default filled in. */
export interface ResolvedCollectors {
  readonly runtime: ResolvedRuntime | false;
  readonly queues: QueuesOptions | false;
  readonly system: ResolvedSystem | false;
  readonly database: ResolvedDatabaseCollector | false;
  readonly cache: ResolvedCacheCollector | false;
  readonly build: BuildInfoOptions | false;
  readonly api: ResolvedApiStatistics | false;
}

/** @throws {MonitoringOptionsError} */
export function resolveCollectors(collectors: CollectorsOptions = {}): ResolvedCollectors {
  expectKeys('collectors', collectors, ['runtime', 'system', 'database', 'cache', 'queues', 'build', 'api']);
  return {
    runtime: resolveRuntime(collectors.runtime),
    system: resolveSystem(collectors.system),
    database: resolveDatabaseCollector(collectors.database),
    cache: resolveCacheCollector(collectors.cache),
    queues: resolveQueues(collectors.queues),
    build: resolveBuildInfo(collectors.build),
    api: resolveApiStatistics(collectors.api),
  };
}
