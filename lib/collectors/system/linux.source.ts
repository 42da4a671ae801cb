import { stat, statfs } from 'node:fs/promises';
import { ContainerLimits } from './container-limits.js';
import { LinuxFiles, numberOf } from './linux-files.js';
import { fileSystemsOnDisk, parseMountInfo } from './mounts.js';
import type {
  CpuReading,
  DiskReading,
  FileSystemReading,
  MemoryReading,
  NetworkReading,
  ProcessesReading,
  SystemSource,
} from './system-source.js';

const KIB = 1024;
/** Time unit of `/proc/stat`, on every architecture that Node supports. */
const TICKS_PER_SECOND = 100;
const MILLISECONDS = 1000;
/** Sector size in `/proc/diskstats`, whatever the sector size of the disk. */
const SECTOR_BYTES = 512;
/** Maximum number of processes whose threads are counted one by one, at some 4 µs each. */
const COUNTED_PROCESSES = 250;

/** Modes in the order of `/proc/stat`. The time of guests is included in user and nice. */
const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
/** Names of whole disks, without partitions, logical volumes and memory devices. */
const DISK = /^(?:[shv]d[a-z]+|xvd[a-z]+|dasd[a-z]+|nvme\d+n\d+|mmcblk\d+|pmem\d+)$/;

/** The system source of Linux, which reads `/proc` and `/sys` and the limits of the container. */
export class LinuxSource implements SystemSource {
  private knownLimits: ContainerLimits | undefined;

  constructor(private readonly files = new LinuxFiles()) {}

  /** Found at the first reading: an application that starts need not wait for the files of its mounts. */
  private get limits(): ContainerLimits {
    return (this.knownLimits ??= new ContainerLimits(this.files));
  }

  cpu(): CpuReading | undefined {
    const text = this.files.read('/proc/stat');
    const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(numberOf) ?? [];
    const modes = CPU_MODES.flatMap((mode, i) => {
      const count = ticks[i];
      return count === undefined ? [] : [[mode, count / TICKS_PER_SECOND] as const];
    });
    const cpus = text.match(/^cpu\d/gm)?.length ?? 0;
    if (modes.length < CPU_MODES.indexOf('idle') || cpus === 0) return undefined;
    const limit = this.limits.cpu(cpus);
    const load = this.load();
    return {
      secondsByMode: Object.fromEntries(modes),
      cpus,
      ...(limit && { limit }),
      ...(load && { load }),
    };
  }

  memory(): MemoryReading | undefined {
    const {
      MemTotal: total,
      MemAvailable: available,
      SwapTotal: swapTotal,
      SwapFree: swapFree,
    } = this.files.numbers('/proc/meminfo', ['MemTotal', 'MemAvailable', 'SwapTotal', 'SwapFree']);
    if (total === undefined || available === undefined) return undefined;
    const swap = swapTotal !== undefined &&
      swapFree !== undefined && { total: swapTotal * KIB, used: (swapTotal - swapFree) * KIB };
    const limited = this.limits.memory(total * KIB);
    const oomKills = limited?.oomKills ?? this.files.numbers('/proc/vmstat', ['oom_kill']).oom_kill;
    return {
      total: limited?.limit ?? total * KIB,
      used: limited?.used ?? (total - available) * KIB,
      ...(limited && { limit: limited.limit }),
      ...(swap && { swap }),
      ...(oomKills !== undefined && { oomKills }),
    };
  }

  async fileSystems(signal: AbortSignal): Promise<FileSystemReading[]> {
    const readings: FileSystemReading[] = [];
    // One after the other, so that a hanging file system occupies at most one thread of the pool.
    for (const mount of fileSystemsOnDisk(parseMountInfo(this.files.read('/proc/self/mountinfo')))) {
      signal.throwIfAborted();
      const reading = await fileSystemAt(mount);
      if (reading !== undefined) readings.push(reading);
    }
    return readings;
  }

  networks(): NetworkReading[] {
    const lines = this.files.read('/proc/self/net/dev').split('\n');
    const readings = lines.flatMap((line) => {
      const [, name, counts] = /^\s*([^\s:]+):(.*)$/.exec(line) ?? [];
      if (name === undefined || counts === undefined || name === 'lo') return [];
      const fields = counts.trim().split(/\s+/).map(Number);
      const field = (index: number) => fields[index] ?? NaN;
      const reading = {
        interface: name,
        receivedBytes: field(0),
        receiveErrors: field(2),
        receiveDrops: field(3),
        transmittedBytes: field(8),
        transmitErrors: field(10),
        transmitDrops: field(11),
      };
      return Number.isFinite(reading.receivedBytes) && Number.isFinite(reading.transmitDrops)
        ? [reading]
        : [];
    });
    // Traffic through bridges and tunnels also goes through a network card, and must not count twice. A container
    // has no card, and all its interfaces count.
    const cards = readings.filter(({ interface: name }) =>
      this.files.list(`/sys/class/net/${name}`).includes('device'),
    );
    return cards.length > 0 ? cards : readings;
  }

  disks(): DiskReading[] {
    const lines = this.files.read('/proc/diskstats').split('\n');
    return lines.flatMap((line) => {
      const [, , device = '', ...counts] = line.trim().split(/\s+/);
      const [reads = NaN, , readSectors = NaN, , writes = NaN, , writtenSectors = NaN, , , busyMs = NaN] =
        counts.map(Number);
      if (!DISK.test(device) || !Number.isFinite(busyMs)) return [];
      return [
        {
          device,
          readBytes: readSectors * SECTOR_BYTES,
          writtenBytes: writtenSectors * SECTOR_BYTES,
          reads,
          writes,
          busySeconds: busyMs / MILLISECONDS,
        },
      ];
    });
  }

  processes(): ProcessesReading | undefined {
    const ids = this.files.list('/proc').filter((name) => /^\d+$/.test(name));
    if (ids.length === 0) return undefined;
    const threads =
      ids.length <= COUNTED_PROCESSES
        ? ids.reduce((sum, id) => sum + this.files.directoriesIn(`/proc/${id}/task`), 0)
        : // The total of the machine, even in a container, which rarely has this many processes.
          numberOf(this.files.read('/proc/loadavg').split(' ')[3]?.split('/')[1]);
    return { processes: ids.length, ...(threads !== undefined && { threads }) };
  }

  private load(): CpuReading['load'] {
    const [one, five, fifteen] = this.files.read('/proc/loadavg').split(' ').map(numberOf);
    if (one === undefined || five === undefined || fifteen === undefined) return undefined;
    return [one, five, fifteen];
  }
}

/** Returns the usage of a file system; undefined if it is no directory, has no size or cannot be read. */
async function fileSystemAt(mount: string): Promise<FileSystemReading | undefined> {
  try {
    if (!(await stat(mount)).isDirectory()) return undefined;
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(mount);
    if (blocks === 0) return undefined;
    return {
      mount,
      total: blocks * bsize,
      used: (blocks - bfree) * bsize,
      free: bavail * bsize,
      // File systems that allocate inodes on demand report 0.
      ...(files > 0 && { inodes: { total: files, used: files - ffree } }),
    };
  } catch {
    return undefined;
  }
}
