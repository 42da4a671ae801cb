import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type {
  CpuReading,
  NetworkReading,
  SystemSource,
} from '../../../lib/collectors/system/system-source.js';
import { LinuxSource } from '../../../lib/collectors/system/linux.source.js';
import { fileSystemsOnDisk, parseMountInfo } from '../../../lib/collectors/system/mounts.js';
import { PortableSource } from '../../../lib/collectors/system/portable.source.js';
import { systemCollectors } from '../../../lib/collectors/system/system.collectors.js';
import { resolveSystem } from '../../../lib/collectors/system/system.options.js';
import { eventually } from '../../support/eventually.js';
import { scalars, testRegistry } from '../../metrics/support.js';
import { FOUR_CPUS, IN_A_CONTAINER_V2, Machine } from './machine.js';
import { describeOnLinux } from '../../support/on-linux.js';

const SIGNAL = new AbortController().signal;
/** What statfs(2) says of a file system in memory. */
const TMPFS = 0x01_02_19_94;

/** The system collectors over a source, run by hand. */
function collecting(source: SystemSource) {
  const { registry, clock, warnings } = testRegistry();
  const paces = resolveSystem();
  if (paces === false) throw new Error('the system is measured by default');
  const collectors = systemCollectors(registry, clock, paces, source);
  const collect = async (): Promise<void> => {
    for (const collector of collectors) await collector.collect(SIGNAL);
  };
  /** Undefined if there is no such series. */
  const value = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    if (registry.getMetric(name) === undefined) return undefined;
    return scalars(registry, name).find((series) =>
      Object.entries(labels).every(([label, expected]) => series.labels[label] === expected),
    )?.value;
  };
  const names = () =>
    registry
      .snapshot()
      .families.filter(({ name, series }) => name.startsWith('system_') && [...series].length > 0)
      .map(({ name }) => name);
  return { registry, clock, warnings, collectors, collect, value, names };
}

/** A source that says what a test gives it, and otherwise nothing. */
function sourceOf(given: Partial<SystemSource>): SystemSource {
  return {
    cpu: () => undefined,
    memory: () => undefined,
    fileSystems: () => Promise.resolve([]),
    networks: () => [],
    disks: () => [],
    processes: () => undefined,
    ...given,
  };
}

function stdoutOf(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
}

const relative = (a: number | undefined, b: number) => Math.abs((a ?? NaN) - b) / b;

describe('the system collectors', () => {
  it('leave out what cannot be measured', async () => {
    const { collect, names, warnings } = collecting(sourceOf({}));
    await collect();
    await collect();
    expect(names()).toEqual(['system_file_systems']);
    expect(warnings).toEqual([]);
  });

  it('remove what can no longer be measured', async () => {
    let there = true;
    const { collect, names } = collecting(
      sourceOf({
        cpu: () => (there ? { secondsByMode: { user: 1, idle: 1 }, cpus: 2, load: [1, 1, 1] } : undefined),
        memory: () => (there ? { total: 4, used: 1, oomKills: 0, swap: { total: 1, used: 0 } } : undefined),
        processes: () => (there ? { processes: 3, threads: 4 } : undefined),
        networks: () => (there ? [network('eth0', 1, 1)] : []),
        disks: () => (there ? [{ device: 'sda', readBytes: 0, writtenBytes: 0 }] : []),
        fileSystems: () => Promise.resolve(there ? [{ mount: '/', total: 4, used: 1, free: 2 }] : []),
      }),
    );
    await collect();
    expect(names().length).toBeGreaterThan(15);
    there = false;
    await collect();
    expect(names()).toEqual(['system_file_systems']);
  });

  it('have a name and own the gauges that they set', () => {
    const { collectors } = collecting(sourceOf({}));
    expect(collectors.map(({ name, intervalMs }) => [name, intervalMs])).toEqual([
      ['system_cpu', 10_000],
      ['system_memory', 10_000],
      ['system_file_systems', 10_000],
      ['system_network', 10_000],
      ['system_disk_io', 10_000],
      ['system_processes', 10_000],
    ]);
    expect(collectors.flatMap(({ metricNames }) => metricNames)).toContain('system_disk_percent');
  });
});

describe('the CPU usage in percent', () => {
  it('is the share of non-idle time since the last reading', async () => {
    const readings = [cpuReading(100, 100), cpuReading(103, 101), cpuReading(103, 105)];
    const { collect, value } = collecting(sourceOf({ cpu: () => readings.shift() }));
    await collect();
    expect(value('system_cpu_percent')).toBeUndefined();
    await collect();
    expect(value('system_cpu_percent')).toBe(75);
    await collect();
    expect(value('system_cpu_percent')).toBe(0);
  });

  it('is right when the idle time goes back, as that of a processor which is switched off', async () => {
    const readings = [cpuReading(100, 100), cpuReading(103, 98)];
    const { collect, value } = collecting(sourceOf({ cpu: () => readings.shift() }));
    await collect();
    await collect();
    expect(value('system_cpu_percent')).toBe(100);
  });

  it('is relative to the limit if there is one', async () => {
    const readings = [
      cpuReading(100, 100, { cores: 0.5, usedSeconds: 7 }),
      cpuReading(150, 100, { cores: 0.5, usedSeconds: 9 }),
    ];
    const { collect, value, clock } = collecting(sourceOf({ cpu: () => readings.shift() }));
    await collect();
    clock.advance(10_000);
    await collect();
    expect(value('system_cpu_percent')).toBe(40);
    expect(value('system_cpu_limit_cores')).toBe(0.5);
  });

  it('is left out when a limit appears or disappears, and when no time has passed', async () => {
    const readings = [
      cpuReading(1, 1),
      cpuReading(2, 2, { cores: 1, usedSeconds: 1 }),
      cpuReading(3, 3),
      cpuReading(3, 3),
    ];
    const { collect, value, clock } = collecting(sourceOf({ cpu: () => readings.shift() }));
    for (let i = 0; i < 4; i++) {
      await collect();
      clock.advance(1_000);
      expect(value('system_cpu_percent')).toBeUndefined();
    }
  });
});

describe('network traffic', () => {
  it('is counted by interface, with a rate over all interfaces', async () => {
    const readings = [
      [network('eth0', 1_000, 50)],
      [network('eth0', 6_000, 150), network('eth1', 9_999, 9_999)],
      [network('eth0', 400, 150), network('eth1', 10_999, 9_999)],
      [network('eth1', 10_999, 9_999)],
    ];
    const { collect, value, clock } = collecting(sourceOf({ networks: () => readings.shift() ?? [] }));
    await collect();
    expect(value('system_network_receive_bytes_per_second')).toBeUndefined();
    clock.advance(10_000);
    await collect();
    // What an interface had before it was first seen did not go through it just now.
    expect(value('system_network_receive_bytes_per_second')).toBe(500);
    expect(value('system_network_transmit_bytes_per_second')).toBe(10);
    expect(value('system_network_receive_bytes_total', { interface: 'eth1' })).toBe(9_999);
    clock.advance(1_000);
    await collect();
    // One that was put up anew has begun at zero.
    expect(value('system_network_receive_bytes_per_second')).toBe(1_000);
    expect(value('system_network_receive_bytes_total', { interface: 'eth0' })).toBe(6_400);
    await collect();
    expect(value('system_network_receive_bytes_total', { interface: 'eth0' })).toBeUndefined();
  });
});

describe('disk traffic', () => {
  it('is counted by device, with a rate over all devices', async () => {
    const disk = (device: string, readBytes: number, writtenBytes: number) => ({
      device,
      readBytes,
      writtenBytes,
      reads: readBytes / 100,
      writes: writtenBytes / 100,
      busySeconds: 1,
    });
    const readings = [
      [disk('sda', 1_000, 2_000), disk('sdb', 0, 500)],
      [disk('sda', 4_000, 3_000), disk('sdb', 2_000, 500)],
      [disk('sdb', 2_000, 1_500)],
    ];
    const { collect, value, clock } = collecting(sourceOf({ disks: () => readings.shift() ?? [] }));
    await collect();
    expect(value('system_disk_read_bytes_per_second')).toBeUndefined();
    clock.advance(5_000);
    await collect();
    expect(value('system_disk_read_bytes_per_second')).toBe(1_000);
    expect(value('system_disk_write_bytes_per_second')).toBe(200);
    expect(value('system_disk_read_bytes_total', { device: 'sda' })).toBe(4_000);
    expect(value('system_disk_writes_total', { device: 'sdb' })).toBe(5);
    clock.advance(1_000);
    await collect();
    expect(value('system_disk_write_bytes_per_second')).toBe(1_000);
    expect(value('system_disk_read_bytes_total', { device: 'sda' })).toBeUndefined();
  });
});

describe('the measured mounts', () => {
  it('are one per file system on a disk, and the root of a container', () => {
    const mounts = parseMountInfo(
      [
        '21 26 0:20 / /proc rw - proc proc rw',
        '22 26 0:21 / /dev/shm rw - tmpfs tmpfs rw',
        '23 26 0:40 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a:/b',
        '24 26 0:41 / /var/lib/docker/overlay2/1f/merged rw - overlay overlay rw',
        '25 26 254:1 /docker/hosts /etc/hosts rw - ext4 /dev/vda1 rw',
        '26 26 254:2 / /data rw shared:1 master:2 - xfs /dev/vdb rw',
        '27 26 254:2 /backup /mnt/a\\040longer\\040path rw - xfs /dev/vdb rw',
        '28 26 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro',
        '29 26 0:50 / /mnt/nas rw - nfs4 nas:/export rw',
        '30 26 254:3 / /mnt/my\\040disk rw - ext4 /dev/vdc rw',
        'half a line - ext4',
        '',
      ].join('\n'),
    );
    expect(fileSystemsOnDisk(mounts)).toEqual(['/', '/data', '/mnt/my disk']);
  });

  it('are limited in number, and all counted', async () => {
    const all = Array.from({ length: 70 }, (_, i) => ({ mount: `/mnt/${i}`, total: 4, used: 1, free: 3 }));
    const { collect, value, registry } = collecting(sourceOf({ fileSystems: () => Promise.resolve(all) }));
    await collect();
    expect(value('system_file_systems')).toBe(70);
    expect(scalars(registry, 'system_disk_percent')).toHaveLength(50);
  });
});

describe('the Linux source', () => {
  it('shows the limits of a container instead of the machine', async () => {
    using machine = new Machine({
      ...IN_A_CONTAINER_V2,
      '/sys/fs/cgroup/cpu.max': '100000 100000',
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 1000000\nnr_periods 10\nnr_throttled 2\nthrottled_usec 500000',
      '/sys/fs/cgroup/memory.max': '1000000',
      '/sys/fs/cgroup/memory.current': '750000',
    });
    const { collect, value, clock } = collecting(new LinuxSource(machine.files));
    await collect();
    machine.write({
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 3500000\nnr_periods 20\nnr_throttled 9\nthrottled_usec 900000',
    });
    clock.advance(10_000);
    await collect();
    expect(value('system_cpu_percent')).toBe(25);
    expect(value('system_cpu_throttled_periods_total')).toBe(9);
    expect(value('system_cpu_throttled_seconds_total')).toBeCloseTo(0.9, 9);
    expect([value('system_memory_percent'), value('system_memory_limit_bytes')]).toEqual([75, 1_000_000]);
    expect(value('system_cpu_seconds_total', { mode: 'user' })).toBe(40);
  });

  it('shows the machine if there is no limit', async () => {
    using machine = new Machine(FOUR_CPUS);
    const { collect, value } = collecting(new LinuxSource(machine.files));
    await collect();
    expect(value('system_memory_percent')).toBe(25);
    expect(value('system_cpus')).toBe(4);
    for (const name of ['system_memory_limit_bytes', 'system_cpu_limit_cores', 'system_cpu_periods_total']) {
      expect(value(name)).toBeUndefined();
    }
  });

  it('returns nothing for malformed files', async () => {
    using machine = new Machine({
      '/proc/stat': 'cpu  many few\ncpu0 1',
      '/proc/meminfo': 'MemTotal: a lot',
      '/proc/loadavg': 'high',
      '/proc/diskstats': '8 0 sda 1 2\n\u0000\n8 1',
      '/proc/self/net/dev': 'eth0: 1 2 three\nno colon here',
      '/proc/self/mountinfo': '1 2 3',
    });
    const { collect, names, registry } = collecting(new LinuxSource(machine.files));
    await collect();
    await collect();
    expect(names()).toEqual(['system_file_systems']);
    expect(scalars(registry, 'monitoring_dropped_samples_total')).toEqual([]);
  });

  it('counts no thread of a process that has ended', () => {
    using machine = new Machine({ '/proc/1/stat': '', '/proc/22/stat': '', '/proc/version': '1' });
    expect(new LinuxSource(machine.files).processes()).toEqual({ processes: 2, threads: 0 });
  });

  it('counts network cards, but not bridges', () => {
    using machine = new Machine({
      '/proc/self/net/dev': [
        'Inter-| Receive',
        netLine('    lo', 5),
        netLine('  eth0', 7),
        netLine('docker0', 7),
      ].join('\n'),
    });
    const source = new LinuxSource(machine.files);
    expect(source.networks().map((reading) => reading.interface)).toEqual(['eth0', 'docker0']);
    machine.write({ '/sys/class/net/eth0/device/vendor': '0x1af4' });
    expect(source.networks().map((reading) => reading.interface)).toEqual(['eth0']);
  });

  it('counts whole disks, but not partitions and logical volumes', () => {
    const names = [
      'sda',
      'sda1',
      'nvme0n1',
      'nvme0n1p2',
      'dm-0',
      'md127',
      'loop3',
      'zram0',
      'vdb',
      'mmcblk0',
    ];
    using machine = new Machine({ '/proc/diskstats': names.map(diskLine).join('\n') });
    const disks = new LinuxSource(machine.files).disks();
    expect(disks.map(({ device }) => device)).toEqual(['sda', 'nvme0n1', 'vdb', 'mmcblk0']);
    expect(disks[0]).toEqual({
      device: 'sda',
      readBytes: 4096,
      writtenBytes: 8192,
      reads: 10,
      writes: 20,
      busySeconds: 3,
    });
  });
});

describeOnLinux('on this machine', () => {
  it('shows the disk usage of df', async () => {
    const { collect, value, registry } = collecting(new LinuxSource());
    await eventually(async () => {
      await collect();
      for (const { labels } of scalars(registry, 'system_disk_percent')) {
        const mount = labels['mount'] ?? '';
        const df = stdoutOf('df', '--block-size=1', '--output=size,used,avail,pcent', mount);
        const [size, used = NaN, free = NaN, percent] = (df.split('\n')[1] ?? '')
          .trim()
          .split(/[\s%]+/)
          .map(Number);
        expect(value('system_disk_total_bytes', { mount })).toBe(size);
        // Others write to the disk as well.
        expect(relative(value('system_disk_used_bytes', { mount }), used)).toBeLessThan(0.01);
        expect(relative(value('system_disk_free_bytes', { mount }), free)).toBeLessThan(0.01);
        expect(Math.ceil(value('system_disk_percent', { mount }) ?? NaN)).toBe(percent);
      }
    });
    expect(value('system_disk_percent', { mount: '/' })).toBeGreaterThan(0);
  });

  it('shows the memory usage of free, unless a container has a limit', async () => {
    const { collect, value } = collecting(new LinuxSource());
    await eventually(async () => {
      await collect();
      if (value('system_memory_limit_bytes') !== undefined) return;
      const [, total = NaN, , , , , available = NaN] = (stdoutOf('free', '--bytes').split('\n')[1] ?? '')
        .split(/\s+/)
        .map(Number);
      expect(value('system_memory_total_bytes')).toBe(total);
      expect(totalmem()).toBe(total);
      // Others take memory and give it back meanwhile.
      expect(Math.abs((value('system_memory_used_bytes') ?? NaN) - (total - available)) / total).toBeLessThan(
        0.01,
      );
    });
  });

  it('shows the CPU time of /proc/stat and of Node, which grows with work', async () => {
    const { collect, value, clock } = collecting(new LinuxSource());
    // Again where a busy machine has held the process up between the looks at the two.
    await eventually(async () => {
      await collect();
      const [before, at] = [busyMs(), performance.now()];
      for (const until = performance.now() + 600; performance.now() < until;);
      const [workedMs, passedMs] = [busyMs() - before, performance.now() - at];
      clock.advance(passedMs);
      await collect();
      expect(value('system_cpus')).toBe(cpus().length);
      if (value('system_cpu_limit_cores') === undefined) {
        expect(
          Math.abs((value('system_cpu_percent') ?? NaN) - (100 * workedMs) / (passedMs * cpus().length)),
        ).toBeLessThan(15);
      }
      expect(value('system_cpu_percent')).toBeGreaterThan((0.5 * 100) / cpus().length - 15);
    }, 30_000);
    await eventually(async () => {
      await collect();
      const user = /^cpu +(\d+)/.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
      expect(relative(value('system_cpu_seconds_total', { mode: 'user' }), Number(user) / 100)).toBeLessThan(
        0.02,
      );
    });
  });

  it('shows the load average of Node', async () => {
    const { collect, value } = collecting(new LinuxSource());
    await eventually(async () => {
      const [one, five, fifteen] = loadavg().map((load) => Math.round(load * 100) / 100);
      await collect();
      expect([value('system_load1'), value('system_load5'), value('system_load15')]).toEqual([
        one,
        five,
        fifteen,
      ]);
    });
  });

  it('counts the processes and threads of ps', async () => {
    const { collect, value } = collecting(new LinuxSource());
    await eventually(async () => {
      await collect();
      // The listing is a process of its own.
      expect(
        Math.abs((value('system_processes') ?? NaN) - linesOf(stdoutOf('ps', '-eo', 'pid='))),
      ).toBeLessThanOrEqual(3);
      expect(
        Math.abs((value('system_threads') ?? NaN) - linesOf(stdoutOf('ps', '-eLo', 'lwp='))),
      ).toBeLessThanOrEqual(12);
    }, 15_000);
  });

  it('counts bytes written to the disk', async () => {
    const { collect, value, registry } = collecting(new LinuxSource());
    await collect();
    // Not in memory, where /tmp is on many machines.
    const folder = [tmpdir(), join(process.cwd(), 'node_modules')].find(
      (path) => statfsSync(path).type !== TMPFS,
    );
    if (
      folder === undefined ||
      scalars(registry, 'system_disk_percent').length === 0 ||
      registry.getMetric('system_disk_written_bytes_total') === undefined
    ) {
      console.warn('Skipped: what is written to the disk is counted. Reason: there is no disk.');
      return;
    }
    const written = (): number =>
      scalars(registry, 'system_disk_written_bytes_total').reduce((sum, series) => sum + series.value, 0);
    const before = written();
    const path = join(folder, `monitoring-disk-${process.pid}`);
    const file = openSync(path, 'w');
    try {
      for (let i = 0; i < 8; i++) writeSync(file, Buffer.alloc(2 ** 20, i));
      fsyncSync(file);
    } finally {
      closeSync(file);
      rmSync(path);
    }
    await eventually(async () => {
      await collect();
      expect(written() - before).toBeGreaterThanOrEqual(8 * 2 ** 20);
    });
    expect(value('system_disk_busy_seconds_total')).toBeGreaterThan(0);
  });

  it('shows nearly the same values from systeminformation, the source without /proc', async () => {
    const { collect, value } = collecting(new PortableSource());
    const linux = collecting(new LinuxSource());
    // Others start and end processes, and use the processors meanwhile.
    await eventually(async () => {
      await linux.collect();
      const before = linux.value('system_cpu_seconds_total', { mode: 'user' });
      await collect();
      await linux.collect();
      expect(value('system_cpus')).toBe(linux.value('system_cpus'));
      expect(value('system_disk_total_bytes', { mount: '/' })).toBe(
        linux.value('system_disk_total_bytes', { mount: '/' }),
      );
      expect(
        Math.abs(
          (value('system_processes') ?? NaN) -
            readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length,
        ),
      ).toBeLessThan(20);
      expect(value('system_memory_total_bytes')).toBe(totalmem());
      const portable = value('system_cpu_seconds_total', { mode: 'user' });
      expect(portable).toBeGreaterThan(0.98 * (before ?? NaN));
      expect(portable).toBeLessThan(
        1.02 * (linux.value('system_cpu_seconds_total', { mode: 'user' }) ?? NaN),
      );
    });
    // What it does not tell is not there.
    expect(value('system_threads')).toBeUndefined();
  });
});

describe('Windows', () => {
  it('shows no load average', () => {
    expect(new PortableSource('win32').cpu()?.load).toBeUndefined();
    expect(new PortableSource('darwin').cpu()?.load).toHaveLength(3);
  });

  it('counts processes less often, because that is expensive without /proc', () => {
    expect(resolveSystem({}, 'win32')).toMatchObject({
      cpu: { intervalMs: 10_000 },
      processes: { intervalMs: 60_000 },
    });
  });
});

function network(name: string, receivedBytes: number, transmittedBytes: number): NetworkReading {
  return {
    interface: name,
    receivedBytes,
    transmittedBytes,
    receiveErrors: 0,
    transmitErrors: 0,
    receiveDrops: 0,
    transmitDrops: 0,
  };
}

function cpuReading(user: number, idle: number, limit?: CpuReading['limit']): CpuReading {
  return { secondsByMode: { user, idle, iowait: 0 }, cpus: 4, ...(limit && { limit }) };
}

function netLine(name: string, bytes: number): string {
  return `${name}: ${bytes} 1 0 0 0 0 0 0 ${bytes} 1 0 0 0 0 0 0`;
}

function diskLine(name: string): string {
  return `8 0 ${name} 10 0 8 0 20 0 16 0 0 3000 0`;
}

/** What all processors together have worked, by Node. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.sys + times.nice, 0);
}

/** Of a listing that ends with the process that made it. */
function linesOf(listing: string): number {
  return listing.trim().split('\n').length - 1;
}
