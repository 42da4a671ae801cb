import { expectKeys, expectOption, expectSwitch, switchedOptions } from '../../options/option-checks.js';
import { COMMON_OPTION_NAMES, type HealthCheckOptions } from '../health-check.js';

/** Options of a built-in check. */
export interface BuiltInCheckOptions extends Omit<HealthCheckOptions, 'name' | 'inProcess' | 'critical'> {
  /**
   * True if the application cannot serve requests without it. Otherwise its worst status is `degraded`.
   * @default true for `database`, false for the others
   */
  readonly critical?: boolean;
}

/** Usage limits of a resource, in percent. */
export interface PercentLimits {
  /** Usage at which the check is degraded, in percent. @default 80 for `disk`, 90 for `memory` */
  readonly degradedPercent?: number;
  /**
   * Usage at which the check is unhealthy, in percent; degraded if the check is not critical.
   * @default 95 for `disk`, 97 for `memory`
   */
  readonly unhealthyPercent?: number;
}

/** Options of the check `disk`. */
export interface DiskCheckOptions extends BuiltInCheckOptions, PercentLimits {
  /** Path on the disk. @default the working directory of the process */
  readonly path?: string;
}

/** Options of the check `event_loop`. */
export interface EventLoopCheckOptions extends BuiltInCheckOptions {
  /** Lag at which the check is degraded, in milliseconds. @default 200 */
  readonly degradedMs?: number;
  /** Lag at which the check is unhealthy, in milliseconds; degraded if the check is not critical. @default 1000 */
  readonly unhealthyMs?: number;
}

/** Options of the built-in checks; `false` disables a check. */
export interface BuiltInChecksOptions {
  /** Check of each database: TypeORM, Prisma, Mongoose, Knex, pg, mysql2. @default critical */
  readonly database?: BuiltInCheckOptions | boolean;
  /** Check of each cache: writes, reads and deletes an entry. @default not critical */
  readonly cache?: BuiltInCheckOptions | boolean;
  /** Check of each Redis client: ioredis and node-redis. @default not critical */
  readonly redis?: BuiltInCheckOptions | boolean;
  /** Check of each BullMQ queue. @default not critical */
  readonly bullmq?: BuiltInCheckOptions | boolean;
  /** Check of the disk usage. @default degraded from 80 %, unhealthy from 95 %, not critical */
  readonly disk?: DiskCheckOptions | boolean;
  /** Check of the heap usage and the container memory. @default degraded from 90 %, unhealthy from 97 %, not critical */
  readonly memory?: (BuiltInCheckOptions & PercentLimits) | boolean;
  /**
   * Check `event_loop` of the event loop lag: its 99th percentile over the last ten seconds at least.
   * @default degraded from 200 ms, unhealthy from 1 s, not critical
   */
  readonly eventLoop?: EventLoopCheckOptions | boolean;
}

/** The options of all built-in checks; false for one that is off. */
export type BuiltInChecks = {
  readonly [C in keyof BuiltInChecksOptions]-?: Exclude<BuiltInChecksOptions[C], true | undefined>;
};

/** The further keys of each check. */
const OWN_KEYS: Readonly<Record<keyof BuiltInChecksOptions, readonly string[]>> = {
  database: [],
  cache: [],
  redis: [],
  bullmq: [],
  disk: ['path', 'degradedPercent', 'unhealthyPercent'],
  memory: ['degradedPercent', 'unhealthyPercent'],
  eventLoop: ['degradedMs', 'unhealthyMs'],
};

/**
 * Checks the options of the built-in checks and resolves their defaults.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveBuiltInChecks(given: BuiltInChecksOptions = {}): BuiltInChecks {
  expectKeys('health.builtIn', given, Object.keys(OWN_KEYS));
  for (const [name, options] of Object.entries(given)) {
    expectSwitch(`health.builtIn.${name}`, options);
    if (typeof options !== 'object') continue;
    const ownKeys = OWN_KEYS[name as keyof BuiltInChecksOptions];
    expectKeys(`health.builtIn.${name}`, options, [...COMMON_OPTION_NAMES, ...ownKeys]);
    for (const limit of ownKeys.filter((key) => key !== 'path')) {
      const value = (options as Record<string, unknown>)[limit];
      const valid = value === undefined || (typeof value === 'number' && value > 0);
      expectOption(`health.builtIn.${name}.${limit}`, value, 'a number above 0', valid);
    }
  }
  const { database, cache, redis, bullmq, disk, memory, eventLoop } = given;
  return {
    database: settingsOf(database),
    cache: settingsOf(cache),
    redis: settingsOf(redis),
    bullmq: settingsOf(bullmq),
    disk: settingsOf(disk),
    memory: settingsOf(memory),
    eventLoop: settingsOf(eventLoop),
  };
}

function settingsOf<O extends object>(
  given: O | Record<string, never> | boolean = {},
): O | Record<string, never> | false {
  return switchedOptions<O | Record<string, never> | false>(given);
}
