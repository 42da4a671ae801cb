import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LinuxFiles } from '../../../lib/collectors/system/linux-files.js';

/** The files of a machine that there is not. */
export class Machine {
  readonly files: LinuxFiles;
  private readonly root = mkdtempSync(join(tmpdir(), 'machine-'));

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.files = new LinuxFiles(this.root);
    this.write(files);
  }

  /** Each file by its path; what it holds gets a new line at its end. */
  write(files: Readonly<Record<string, string>>): this {
    for (const [path, text] of Object.entries(files)) {
      const place = join(this.root, path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, `${text}\n`);
    }
    return this;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A machine of four processors and 16 GB. */
export const FOUR_CPUS = {
  '/proc/stat': [
    'cpu  4000 0 1000 15000 200 0 100 0 0 0',
    ...[0, 1, 2, 3].map((i) => `cpu${i} 1000 0 250 3750 50 0 25 0 0 0`),
    'intr 1 2 3',
    'btime 1700000000',
  ].join('\n'),
  '/proc/meminfo': ['MemTotal: 16777216 kB', 'MemFree: 1000000 kB', 'MemAvailable: 12582912 kB'].join('\n'),
} as const;

/** How a container sees version 2: its own group is the root of what is mounted. */
export const IN_A_CONTAINER_V2 = {
  ...FOUR_CPUS,
  '/proc/self/cgroup': '0::/',
  '/proc/self/mountinfo': '30 29 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate',
  '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids',
} as const;

/** How a container sees version 1: the path is that of the machine, and what is mounted is the group. */
export const IN_A_CONTAINER_V1 = {
  ...FOUR_CPUS,
  '/proc/self/cgroup': [
    '4:memory:/docker/1f2e',
    '3:cpu,cpuacct:/docker/1f2e',
    '1:name=systemd:/docker/1f2e',
  ].join('\n'),
  '/proc/self/mountinfo': [
    '31 30 0:27 /docker/1f2e /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct',
    '32 30 0:28 /docker/1f2e /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory',
  ].join('\n'),
} as const;
