import { posix } from 'node:path';
import { type ControlGroup, ControlGroups } from './control-groups.js';
import { type LinuxFiles, numberOf, sizeOfSet } from './linux-files.js';
import type { CpuLimit } from './system-source.js';

const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;

/** What a limited control group has of the memory, in bytes. */
export interface MemoryLimit {
  readonly limit: number;
  readonly used: number;
  readonly oomKills?: number;
}

/**
 * The limits that control groups put on this process. Of several, one within the other, the tightest counts, and of
 * equal ones the outermost, since it is the first to be reached.
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
   * @param cpus how many processors the machine has
   * @returns undefined if all of them may be used
   */
  cpu(cpus: number): CpuLimit | undefined {
    const quota = tightest(this.cpuGroup, (directory) => this.quotaOf(directory));
    const cpuset = tightest(this.cpusetGroup, (directory) => this.allowedCpus(directory));
    // Each with the usage of its own group: the outer one may be used by others too.
    const limit = (cpuset?.value ?? Infinity) < (quota?.value ?? Infinity) ? cpuset : quota;
    if (limit === undefined || limit.value >= cpus) return undefined;
    const { value: cores, levelsUp } = limit;
    const usedSeconds = this.usedCpuSeconds(levelsUp);
    if (usedSeconds === undefined) return undefined;
    const throttling = quota && this.throttlingOf(quota.directory);
    return { cores, usedSeconds, ...(throttling && { throttling }) };
  }

  /** @returns undefined if the memory of the machine is the only limit */
  memory(ofMachine: number): MemoryLimit | undefined {
    const { memoryGroup: group } = this;
    if (group === undefined) return undefined;
    const [limitFile, usageFile, inactive, events] =
      group.version === 2
        ? ['memory.max', 'memory.current', 'inactive_file', 'memory.events']
        : ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file', 'memory.oom_control'];
    const found = tightest(group, (directory) => this.files.number(posix.join(directory, limitFile)));
    if (found === undefined || found.value >= ofMachine) return undefined;
    const { directory, value: limit } = found;
    const usage = this.files.number(posix.join(directory, usageFile));
    if (usage === undefined || limit <= 0) return undefined;
    // Files that were read once and not lately: the kernel drops them before anything is killed.
    const cached = this.files.numbers(posix.join(directory, 'memory.stat'))[inactive] ?? 0;
    const oomKills = this.files.numbers(posix.join(directory, events))['oom_kill'];
    return { limit, used: Math.max(0, usage - cached), ...(oomKills !== undefined && { oomKills }) };
  }

  /** How many processors' worth of time a group may use; undefined if it is not limited. */
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

  /** What the group so many levels above this process has used. */
  private usedCpuSeconds(levelsUp: number): number | undefined {
    const { cpuUsageGroup: group } = this;
    const directory = group?.directories[Math.min(levelsUp, group.directories.length - 1)];
    if (group === undefined || directory === undefined) return undefined;
    if (group.version === 1) {
      const nanoseconds = this.files.number(posix.join(directory, 'cpuacct.usage'));
      return nanoseconds === undefined ? undefined : nanoseconds / NANOSECONDS;
    }
    const microseconds = this.files.numbers(posix.join(directory, 'cpu.stat'))['usage_usec'];
    return microseconds === undefined ? undefined : microseconds / MICROSECONDS;
  }

  private throttlingOf(directory: string): CpuLimit['throttling'] {
    const counts = this.files.numbers(posix.join(directory, 'cpu.stat'));
    const periods = counts['nr_periods'];
    const throttledPeriods = counts['nr_throttled'];
    // The first is of version 2, the other of version 1.
    const microseconds = counts['throttled_usec'] ?? (counts['throttled_time'] ?? NaN) / 1000;
    if (periods === undefined || throttledPeriods === undefined || Number.isNaN(microseconds)) {
      return undefined;
    }
    return { periods, throttledPeriods, throttledSeconds: microseconds / MICROSECONDS };
  }
}

interface Tightest {
  readonly value: number;
  readonly directory: string;
  readonly levelsUp: number;
}

function tightest(
  group: ControlGroup | undefined,
  limitOf: (directory: string) => number | undefined,
): Tightest | undefined {
  let found: Tightest | undefined;
  group?.directories.forEach((directory, levelsUp) => {
    const value = limitOf(directory);
    if (value !== undefined && value <= (found?.value ?? Infinity)) found = { value, directory, levelsUp };
  });
  return found;
}
