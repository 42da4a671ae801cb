import { statfs } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { EventLoopMonitor } from '../../primitives/event-loop-monitor.js';
import type { HealthCheck } from '../health-check.js';
import type { HealthStatus } from '../health-status.js';
import type {
  BuiltInCheckOptions,
  BuiltInChecks,
  DiskCheckOptions,
  EventLoopCheckOptions,
  PercentLimits,
} from './built-in-checks.options.js';

const GB = 1_000_000_000;
const MB = 1_000_000;
/** cgroup v1 reports a value near 2 ** 63 if there is no limit. */
const NO_LIMIT_BYTES = 2 ** 50;

/** Returns the built-in checks of the process and the machine. */
export function processChecks(
  { disk, memory, eventLoop }: BuiltInChecks,
  monitor: EventLoopMonitor,
): HealthCheck[] {
  return [
    ...(disk === false ? [] : [diskHealthCheck(disk)]),
    ...(memory === false ? [] : [memoryHealthCheck(memory)]),
    ...(eventLoop === false ? [] : [eventLoopCheck(eventLoop, monitor)]),
  ];
}

/** Returns a check of the usage of a disk. */
export function diskHealthCheck(options: DiskCheckOptions & { readonly name?: string } = {}): HealthCheck {
  const {
    name = 'disk',
    path = process.cwd(),
    degradedPercent = 80,
    unhealthyPercent = 95,
    ...checkOptions
  } = options;
  return {
    critical: false,
    ...checkOptions,
    name,
    check: async () => {
      const { blocks, bfree, bavail, bsize } = await statfs(path);
      const used = blocks - bfree;
      // Blocks reserved for root are neither used nor available, as in df.
      const percent = used + bavail === 0 ? 0 : (used / (used + bavail)) * 100;
      const status = statusAt(percent, degradedPercent, unhealthyPercent);
      return {
        status,
        message: `${usageText('disk', status)}: ${Math.round(percent)}%`,
        details: { free_gb: rounded((bavail * bsize) / GB), total_gb: rounded((blocks * bsize) / GB), path },
      };
    },
  };
}

/** Returns a check of the heap usage, and of the memory usage of the container if it has a limit. */
export function memoryHealthCheck(
  options: BuiltInCheckOptions & PercentLimits & { readonly name?: string } = {},
): HealthCheck {
  const { name = 'memory', degradedPercent = 90, unhealthyPercent = 97, ...checkOptions } = options;
  return {
    critical: false,
    ...checkOptions,
    name,
    inProcess: true,
    check: () => {
      const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
      const rss = process.memoryUsage.rss();
      const limit = process.constrainedMemory();
      const isLimited = limit > 0 && limit < NO_LIMIT_BYTES;
      const heap = { name: 'heap', percent: (heapUsed / heapLimit) * 100 };
      const memory = { name: 'memory', percent: isLimited ? (rss / limit) * 100 : 0 };
      const fuller = memory.percent > heap.percent ? memory : heap;
      const status = statusAt(fuller.percent, degradedPercent, unhealthyPercent);
      return {
        status,
        message: `${usageText(fuller.name, status)}: ${Math.round(fuller.percent)}%`,
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

/** Returns a check of the event loop lag: its 99th percentile over the last ten seconds at least. */
export function eventLoopHealthCheck(
  options: EventLoopCheckOptions & { readonly name?: string } = {},
): HealthCheck {
  return eventLoopCheck(options, new EventLoopMonitor(() => performance.now()));
}

function eventLoopCheck(
  options: EventLoopCheckOptions & { readonly name?: string },
  monitor: EventLoopMonitor,
): HealthCheck {
  const { name = 'event_loop', degradedMs = 200, unhealthyMs = 1_000, ...checkOptions } = options;
  let endUse: (() => void) | undefined;
  return {
    critical: false,
    ...checkOptions,
    name,
    inProcess: true,
    check: () => {
      endUse ??= monitor.use();
      const lagMs = monitor.recentLag();
      const status = statusAt(lagMs, degradedMs, unhealthyMs);
      return {
        status,
        message: `${status === 'healthy' ? 'Event loop lag' : 'High event loop lag'}: ${Math.round(lagMs)} ms`,
        details: { lag_ms: rounded(lagMs) },
      };
    },
    stop: () => {
      endUse?.();
      endUse = undefined;
    },
  };
}

function statusAt(value: number, degraded: number, unhealthy: number): HealthStatus {
  if (value >= unhealthy) return 'unhealthy';
  return value >= degraded ? 'degraded' : 'healthy';
}

/** Returns "Disk usage", or "High disk usage" unless healthy. */
function usageText(resource: string, status: HealthStatus): string {
  return status === 'healthy'
    ? `${resource.charAt(0).toUpperCase()}${resource.slice(1)} usage`
    : `High ${resource} usage`;
}

/** Rounds to one decimal. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
