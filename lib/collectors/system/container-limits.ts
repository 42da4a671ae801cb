import { posix } from 'node:path';
import { type ControlGroup, ControlGroups } from './control-groups.js';
import { type LinuxFiles, numberOf, sizeOfSet } from './linux-files.js';
import type { CpuLimit } from './system-source.js';

const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;

/** Files of the memory controller and the names of their values, by version of control groups. */
const MEMORY_FILES = {
  1: {
    limitFile: 'memory.limit_in_bytes',
    usageFile: 'memory.usage_in_bytes',
    inactive: 'total_inactive_file',
    events: 'memory.oom_control',
  },
  2: {
    limitFile: 'memory.max',
    usageFile: 'memory.current',
    inactive: 'inactive_file',
    events: 'memory.events',
  },
} as const;

/** Names of the numbers about the throttling of a group, in both versions of control groups. */
const THROTTLING = ['nr_periods', 'nr_throttled', 'throttled_usec', 'throttled_time'] as const;

/** Memory limit and usage of a control group, in bytes. */
export interface MemoryLimit {
  readonly limit: number;
  readonly used: number;
  readonly oomKills?: number;
}

/**
 * The limits that control groups put on this process. Among nested groups the tightest limit counts; among equal limits
 * the outermost, because it is reached first.
 */
export class ContainerLimits {
  private readonly cpuGroup: ControlGroup | undefined;
  private readonly cpuUsageGroup: ControlGroup | undefined;
  private readonly cpusetGroup: ControlGroup | undefined;
  private readonly memoryGroup: ControlGroup | undefined;

  constructor(private readonly files: LinuxFiles) {
    const groups = new ControlGroups(files);
    this.cpuGroup = groups.of('cpu');
    this.cpuUsageGroup = groups.of('cpuacct') ?? this.cpuGroup;
    this.cpusetGroup = groups.of('cpuset');
    this.memoryGroup = groups.of('memory');
  }

  /**
   * Returns the CPU limit; undefined if the process may use all processors.
   *
   * @param cpus number of processors of the machine
   */
  cpu(cpus: number): CpuLimit | undefined {
    const quota = tightest(this.cpuGroup, (directory) => this.quotaOf(directory));
    const cpuset = tightest(this.cpusetGroup, (directory) => this.allowedCpus(directory));
    // The usage comes from the group of the limit, because an outer group may include other processes.
    const limit = (cpuset?.value ?? Infinity) < (quota?.value ?? Infinity) ? cpuset : quota;
    if (limit === undefined || limit.value >= cpus) return undefined;
    const { value: cores, levelsUp } = limit;
    const usedSeconds = this.usedCpuSeconds(levelsUp);
    if (usedSeconds === undefined) return undefined;
    const throttling = quota && this.throttlingOf(quota.directory);
    return { cores, usedSeconds, ...(throttling && { throttling }) };
  }

  /**
   * Returns the memory limit; undefined if the memory of the machine is the only limit.
   *
   * @param machineBytes memory of the machine
   */
  memory(machineBytes: number): MemoryLimit | undefined {
    const { memoryGroup: group } = this;
    if (group === undefined) return undefined;
    const { limitFile, usageFile, inactive, events } = MEMORY_FILES[group.version];
    const found = tightest(group, (directory) => this.files.number(posix.join(directory, limitFile)));
    if (found === undefined || found.value >= machineBytes) return undefined;
    const { directory, value: limit } = found;
    const usage = this.files.number(posix.join(directory, usageFile));
    if (usage === undefined || limit <= 0) return undefined;
    // The kernel drops inactive file pages before it kills anything.
    const cached = this.files.numbers(posix.join(directory, 'memory.stat'), [inactive])[inactive] ?? 0;
    const oomKills = this.files.numbers(posix.join(directory, events), ['oom_kill']).oom_kill;
    return { limit, used: Math.max(0, usage - cached), ...(oomKills !== undefined && { oomKills }) };
  }

  /** Returns the CPU quota of a group in processors; undefined if it is not limited. */
  private quotaOf(directory: string): number | undefined {
    const [quota, period] =
      this.cpuGroup?.version === 2
        ? this.files.read(posix.join(directory, 'cpu.max')).trim().split(' ').map(numberOf)
        : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) =>
            this.files.number(posix.join(directory, file)),
          );
    if (quota === undefined || period === undefined || quota <= 0 || period <= 0) return undefined;
    return quota / period;
  }

  private allowedCpus(directory: string): number | undefined {
    const file = this.cpusetGroup?.version === 2 ? 'cpuset.cpus.effective' : 'cpuset.effective_cpus';
    return sizeOfSet(this.files.read(posix.join(directory, file)));
  }

  /** Returns the CPU time used by the group that is this many levels above the process, in seconds. */
  private usedCpuSeconds(levelsUp: number): number | undefined {
    const { cpuUsageGroup: group } = this;
    const directory = group?.directories[Math.min(levelsUp, group.directories.length - 1)];
    if (group === undefined || directory === undefined) return undefined;
    if (group.version === 1) {
      const nanoseconds = this.files.number(posix.join(directory, 'cpuacct.usage'));
      return nanoseconds === undefined ? undefined : nanoseconds / NANOSECONDS;
    }
    const microseconds = this.files.numbers(posix.join(directory, 'cpu.stat'), ['usage_usec']).usage_usec;
    return microseconds === undefined ? undefined : microseconds / MICROSECONDS;
  }

  private throttlingOf(directory: string): CpuLimit['throttling'] {
    const counts = this.files.numbers(posix.join(directory, 'cpu.stat'), THROTTLING);
    const { nr_periods: periods, nr_throttled: throttledPeriods } = counts;
    // Version 2 reports microseconds, version 1 nanoseconds.
    const microseconds = counts.throttled_usec ?? (counts.throttled_time ?? NaN) / 1000;
    if (periods === undefined || throttledPeriods === undefined || Number.isNaN(microseconds)) {
      return undefined;
    }
    return { periods, throttledPeriods, throttledSeconds: microseconds / MICROSECONDS };
  }
}

/** The tightest limit among nested groups. */
interface TightestLimit {
  readonly value: number;
  readonly directory: string;
  readonly levelsUp: number;
}

function tightest(
  group: ControlGroup | undefined,
  limitOf: (directory: string) => number | undefined,
): TightestLimit | undefined {
  let found: TightestLimit | undefined;
  group?.directories.forEach((directory, levelsUp) => {
    const value = limitOf(directory);
    if (value !== undefined && value <= (found?.value ?? Infinity)) found = { value, directory, levelsUp };
  });
  return found;
}
