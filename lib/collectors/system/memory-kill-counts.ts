import { totalmem } from 'node:os';
import { posix } from 'node:path';
import { ContainerLimits } from './container-limits.js';
import { ControlGroups } from './control-groups.js';
import type { LinuxFiles } from './linux-files.js';

/** Files that count the processes of a group that the kernel killed, by version of control groups. */
const EVENTS = { 1: 'memory.oom_control', 2: 'memory.events' } as const;

/** The processes that the kernel has killed for lack of memory. */
export interface MemoryKillReading {
  /** Identity of the control group of this process, or empty. */
  readonly group: string;
  /** Memory limit of this process by its control groups, in bytes; 0 for none. */
  readonly limitBytes: number;
  /** Kills in the control group, and on the machine; -1 if unknown. */
  readonly inGroup: number;
  readonly onMachine: number;
}

/** The counts of the processes that the kernel has killed for lack of memory, in the control group and on the machine. */
export class MemoryKillCounts {
  private readonly limits: ContainerLimits;
  private readonly directory: string | undefined;
  private readonly file: string | undefined;

  constructor(private readonly files: LinuxFiles) {
    this.limits = new ContainerLimits(files);
    const group = new ControlGroups(files).of('memory');
    this.directory = group?.directories[0];
    if (group && this.directory !== undefined) this.file = posix.join(this.directory, EVENTS[group.version]);
  }

  read(): MemoryKillReading {
    const { files, file } = this;
    return {
      group: this.identity(),
      limitBytes: this.limits.memory(totalmem())?.limit ?? 0,
      inGroup: (file === undefined ? undefined : files.numbers(file, ['oom_kill']).oom_kill) ?? -1,
      onMachine: files.numbers('/proc/vmstat', ['oom_kill']).oom_kill ?? -1,
    };
  }

  /** Returns the directory and its number, which another group with the same name does not have. */
  private identity(): string {
    if (this.directory === undefined) return '';
    const inode = this.files.inode(this.directory);
    return inode === undefined ? '' : `${inode} ${this.directory}`.slice(0, 100);
  }
}
