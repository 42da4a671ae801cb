import { statfs } from 'node:fs/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { HealthCheck } from '../health-check.js';
import type { HealthStatus } from '../health-status.js';
import type {
  BuiltInChecks,
  CheckTuning,
  DiskCheckOptions,
  EventLoopCheckOptions,
  PercentLimits,
} from './built-in-checks.options.js';

const GB = 1_000_000_000;
const MB = 1_000_000;
/** How often the event loop is looked at; Node counts this as part of the lag. */
const RESOLUTION_MS = 20;
/** More memory than any machine has stands for no limit. */
const NO_LIMIT_BYTES = 2 ** 50;

/** The checks of the process and the machine that are there by themselves. */
export function processChecks({ disk, memory, eventLoop }: BuiltInChecks): HealthCheck[] {
  return [
    ...(disk === false ? [] : [diskHealthCheck(disk)]),
    ...(memory === false ? [] : [memoryHealthCheck(memory)]),
    ...(eventLoop === false ? [] : [eventLoopHealthCheck(eventLoop)]),
  ];
}

/** How full a disk is. */
export function diskHealthCheck(options: DiskCheckOptions & { readonly name?: string } = {}): HealthCheck {
  const {
    name = 'disk',
    path = process.cwd(),
    degradedPercent = 80,
    unhealthyPercent = 95,
    ...tuning
  } = options;
  return {
    critical: false,
    ...tuning,
    name,
    check: async () => {
      const { blocks, bfree, bavail, bsize } = await statfs(path);
      const used = blocks - bfree;
      // As df counts: what only root may use is neither used nor available.
      const percent = used + bavail === 0 ? 0 : (used / (used + bavail)) * 100;
      const status = statusAt(percent, degradedPercent, unhealthyPercent);
      return {
        status,
        message: `${status === 'healthy' ? 'Disk usage' : 'High disk usage'}: ${Math.round(percent)}%`,
        details: { free_gb: rounded((bavail * bsize) / GB), total_gb: rounded((blocks * bsize) / GB), path },
      };
    },
  };
}

/** How full the heap is, and the memory that the container may use. */
export function memoryHealthCheck(
  options: CheckTuning & PercentLimits & { readonly name?: string } = {},
): HealthCheck {
  const { name = 'memory', degradedPercent = 90, unhealthyPercent = 97, ...tuning } = options;
  return {
    critical: false,
    ...tuning,
    name,
    inProcess: true,
    check: () => {
      const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
      const rss = process.memoryUsage.rss();
      const limit = process.constrainedMemory();
      const isLimited = limit > 0 && limit < NO_LIMIT_BYTES;
      const heap = { what: 'heap', percent: (heapUsed / heapLimit) * 100 };
      const memory = { what: 'memory', percent: isLimited ? (rss / limit) * 100 : 0 };
      const fuller = memory.percent > heap.percent ? memory : heap;
      const status = statusAt(fuller.percent, degradedPercent, unhealthyPercent);
      const usage =
        status === 'healthy'
          ? `${fuller.what === 'heap' ? 'Heap' : 'Memory'} usage`
          : `High ${fuller.what} usage`;
      return {
        status,
        message: `${usage}: ${Math.round(fuller.percent)}%`,
        details: {
          heap_used_mb: rounded(heapUsed / MB),
          heap_limit_mb: rounded(heapLimit / MB),
          rss_mb: rounded(rss / MB),
          ...(isLimited && { memory_limit_mb: rounded(limit / MB) }),
        },
      };
    },
  };
}

/** How late the event loop is: in 99 of 100 cases since the check ran last. */
export function eventLoopHealthCheck(
  options: EventLoopCheckOptions & { readonly name?: string } = {},
): HealthCheck {
  const { name = 'event_loop', degradedMs = 200, unhealthyMs = 1_000, ...tuning } = options;
  let histogram: IntervalHistogram | undefined;
  return {
    critical: false,
    ...tuning,
    name,
    inProcess: true,
    check: () => {
      if (histogram === undefined) {
        histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
        histogram.enable();
      }
      const lagMs = histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS);
      histogram.reset();
      const status = statusAt(lagMs, degradedMs, unhealthyMs);
      return {
        status,
        message: `${status === 'healthy' ? 'Event loop lag' : 'High event loop lag'}: ${Math.round(lagMs)} ms`,
        details: { lag_ms: rounded(lagMs) },
      };
    },
    stop: () => {
      histogram?.disable();
      histogram = undefined;
    },
  };
}

function statusAt(value: number, degraded: number, unhealthy: number): HealthStatus {
  if (value >= unhealthy) return 'unhealthy';
  return value >= degraded ? 'degraded' : 'healthy';
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
