import { expectKeys, expectOption } from '../../options/option-checks.js';
import type { HealthCheckOptions } from '../health-check.js';

/** How a check that is there by itself is treated. */
export type CheckTuning = Omit<HealthCheckOptions, 'name' | 'inProcess'>;

/** From where on a share of something is too much, in percent. */
export interface PercentLimits {
  /** From here on it is degraded. */
  readonly degradedPercent?: number;
  /** From here on it is unhealthy, if the check is critical. */
  readonly unhealthyPercent?: number;
}

/** Options of the check `disk`. */
export interface DiskCheckOptions extends CheckTuning, PercentLimits {
  /** A path on the disk. @default the folder that the process runs in */
  readonly path?: string;
}

/** Options of the check `event_loop`. */
export interface EventLoopCheckOptions extends CheckTuning {
  /** From this lag on it is degraded. @default 200 */
  readonly degradedMs?: number;
  /** From this lag on it is unhealthy, if the check is critical. @default 1000 */
  readonly unhealthyMs?: number;
}

/** The checks that are there by themselves; each may be tuned, or be false. */
export interface BuiltInChecksOptions {
  /** Each database that the application has: TypeORM, Prisma, Mongoose, Knex, pg, mysql2. @default critical */
  readonly database?: CheckTuning | false;
  /** Each cache: whether what is written can be read and deleted. @default not critical */
  readonly cache?: CheckTuning | false;
  /** Each client of Redis: ioredis and node-redis. @default not critical */
  readonly redis?: CheckTuning | false;
  /** Each queue of BullMQ. @default not critical */
  readonly bullmq?: CheckTuning | false;
  /** How full the disk is. @default degraded from 80 %, unhealthy from 95 %, not critical */
  readonly disk?: DiskCheckOptions | false;
  /** How full the heap is, and the memory of the container. @default degraded from 90 %, unhealthy from 97 %, not critical */
  readonly memory?: (CheckTuning & PercentLimits) | false;
  /** How late the event loop is, in 99 of 100 cases since the last look. @default not critical */
  readonly eventLoop?: EventLoopCheckOptions | false;
}

/** The checks that are there by themselves, or false. */
export type BuiltInChecks = Readonly<Required<BuiltInChecksOptions>>;

const TUNING = [
  'critical',
  'timeoutMs',
  'cacheMs',
  'failureThreshold',
  'successThreshold',
  'refreshIntervalMs',
] as const;

const LIMITS: Readonly<Record<keyof BuiltInChecksOptions, readonly string[]>> = {
  database: [],
  cache: [],
  redis: [],
  bullmq: [],
  disk: ['path', 'degradedPercent', 'unhealthyPercent'],
  memory: ['degradedPercent', 'unhealthyPercent'],
  eventLoop: ['degradedMs', 'unhealthyMs'],
};

/** @throws {MonitoringOptionsError} */
export function resolveBuiltInChecks(given: BuiltInChecksOptions = {}): BuiltInChecks {
  expectKeys('health.builtIn', given, Object.keys(LIMITS));
  for (const [name, options] of Object.entries(given)) {
    if (options === false || options === undefined) continue;
    const own = LIMITS[name as keyof BuiltInChecksOptions];
    expectKeys(`health.builtIn.${name}`, options, [...TUNING, ...own]);
    for (const limit of own.filter((key) => key !== 'path')) {
      const value = (options as Record<string, unknown>)[limit];
      const valid = value === undefined || (typeof value === 'number' && value > 0);
      expectOption(`health.builtIn.${name}.${limit}`, value, 'a number above 0', valid);
    }
  }
  const {
    database = {},
    cache = {},
    redis = {},
    bullmq = {},
    disk = {},
    memory = {},
    eventLoop = {},
  } = given;
  return { database, cache, redis, bullmq, disk, memory, eventLoop };
}
