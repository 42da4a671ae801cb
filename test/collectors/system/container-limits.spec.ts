import { describe, expect, it } from '@jest/globals';
import { ContainerLimits } from '../../../lib/collectors/system/container-limits.js';
import { sizeOfSet } from '../../../lib/collectors/system/linux-files.js';
import { FOUR_CPUS, IN_A_CONTAINER_V1, IN_A_CONTAINER_V2, Machine } from './machine.js';

const CPUS = 4;
const GIB = 2 ** 30;
const MEMORY = 16 * GIB;

/** What the limits are on a machine with these files. */
function limitsWith(files: Readonly<Record<string, string>>) {
  using machine = new Machine(files);
  const limits = new ContainerLimits(machine.files);
  return { cpu: limits.cpu(CPUS), memory: limits.memory(MEMORY) };
}

describe('the limits of a container', () => {
  it('are read from control groups of version 2', () => {
    const limits = limitsWith({
      ...IN_A_CONTAINER_V2,
      '/sys/fs/cgroup/cpu.max': '150000 100000',
      '/sys/fs/cgroup/cpu.stat':
        'usage_usec 12500000\nuser_usec 1\nnr_periods 40\nnr_throttled 8\nthrottled_usec 2500000',
      '/sys/fs/cgroup/memory.max': String(2 * GIB),
      '/sys/fs/cgroup/memory.current': String(1.5 * GIB),
      '/sys/fs/cgroup/memory.stat': `anon 5\nfile 7\ninactive_file ${0.5 * GIB}`,
      '/sys/fs/cgroup/memory.events': 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2',
    });
    expect(limits).toEqual({
      cpu: {
        cores: 1.5,
        usedSeconds: 12.5,
        throttling: { periods: 40, throttledPeriods: 8, throttledSeconds: 2.5 },
      },
      memory: { limit: 2 * GIB, used: GIB, oomKills: 2 },
    });
  });

  it('are read from control groups of version 1', () => {
    const limits = limitsWith({
      ...IN_A_CONTAINER_V1,
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
      '/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '7250000000',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.stat': 'nr_periods 100\nnr_throttled 25\nthrottled_time 1500000000',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': String(GIB),
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': String(0.75 * GIB),
      '/sys/fs/cgroup/memory/memory.stat': `cache 1\ntotal_inactive_file ${0.25 * GIB}`,
      '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1',
    });
    expect(limits).toEqual({
      cpu: {
        cores: 0.5,
        usedSeconds: 7.25,
        throttling: { periods: 100, throttledPeriods: 25, throttledSeconds: 1.5 },
      },
      memory: { limit: GIB, used: 0.5 * GIB, oomKills: 1 },
    });
  });

  it('are read from version 1 if version 2 is mounted without controllers', () => {
    const { cpu, memory } = limitsWith({
      ...FOUR_CPUS,
      '/proc/self/cgroup': '4:memory:/apps/one\n3:cpu:/\n2:cpuacct:/\n0::/',
      '/proc/self/mountinfo': [
        '31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
        '32 30 0:28 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct',
        '33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
        '34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      ].join('\n'),
      '/sys/fs/cgroup/unified/cgroup.controllers': '',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
      '/sys/fs/cgroup/memory/apps/one/memory.limit_in_bytes': String(GIB),
      '/sys/fs/cgroup/memory/apps/one/memory.usage_in_bytes': '1000',
    });
    expect(cpu).toBeUndefined();
    expect(memory).toEqual({ limit: GIB, used: 1000 });
  });

  describe('of nested groups', () => {
    const nested = {
      ...FOUR_CPUS,
      '/proc/self/cgroup': '0::/pod/container/worker',
      '/proc/self/mountinfo': '30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw',
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory',
      '/sys/fs/cgroup/pod/cgroup.controllers': 'cpu memory',
      '/sys/fs/cgroup/pod/container/cgroup.controllers': 'cpu memory',
      '/sys/fs/cgroup/pod/container/worker/cgroup.controllers': '',
      '/sys/fs/cgroup/pod/cpu.stat':
        'usage_usec 9000000\nnr_periods 4\nnr_throttled 3\nthrottled_usec 2000000',
      '/sys/fs/cgroup/pod/container/cpu.stat':
        'usage_usec 4000000\nnr_periods 2\nnr_throttled 1\nthrottled_usec 1000000',
      '/sys/fs/cgroup/pod/memory.current': '900000000',
      '/sys/fs/cgroup/pod/container/memory.current': '400000000',
    };

    it('are the tightest ones, with the usage of their group', () => {
      const { cpu, memory } = limitsWith({
        ...nested,
        '/sys/fs/cgroup/pod/cpu.max': '200000 100000',
        '/sys/fs/cgroup/pod/container/cpu.max': '100000 100000',
        '/sys/fs/cgroup/pod/memory.max': '1000000000',
        '/sys/fs/cgroup/pod/container/memory.max': 'max',
      });
      expect(cpu).toMatchObject({ cores: 1, usedSeconds: 4, throttling: { throttledPeriods: 1 } });
      expect(memory).toEqual({ limit: 1_000_000_000, used: 900_000_000 });
    });

    it('are those of the outermost group among equal ones', () => {
      const { cpu } = limitsWith({
        ...nested,
        '/sys/fs/cgroup/pod/cpu.max': '100000 100000',
        '/sys/fs/cgroup/pod/container/cpu.max': '100000 100000',
      });
      expect(cpu).toMatchObject({ cores: 1, usedSeconds: 9, throttling: { throttledSeconds: 2 } });
    });
  });

  it('include the CPU set of the container', () => {
    const { cpu } = limitsWith({
      ...IN_A_CONTAINER_V2,
      '/sys/fs/cgroup/cpu.max': 'max 100000',
      '/sys/fs/cgroup/cpuset.cpus.effective': '0,2-3',
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 1000000',
    });
    expect(cpu).toEqual({ cores: 3, usedSeconds: 1 });
  });

  it.each([
    ['a tighter inner cpuset', '300000 100000', '0-1', { cores: 2, usedSeconds: 1 }],
    ['a cpuset of one processor', '150000 100000', '3', { cores: 1, usedSeconds: 1 }],
    ['a tighter outer quota', '100000 100000', '0-1', { cores: 1, usedSeconds: 9 }],
    ['a quota as tight as the cpuset', '200000 100000', '0-1', { cores: 2, usedSeconds: 9 }],
    ['no quota', 'max 100000', '0-2', { cores: 3, usedSeconds: 1 }],
    ['a cpuset of all processors', '300000 100000', '0-3', { cores: 3, usedSeconds: 9 }],
  ])('each have the usage of their group: an outer quota and %s', (_title, quota, cpuset, expected) => {
    const { cpu } = limitsWith({
      ...FOUR_CPUS,
      '/proc/self/cgroup': '0::/outer/inner',
      '/proc/self/mountinfo': '31 30 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
      '/sys/fs/cgroup/cgroup.controllers': 'cpu cpuset memory',
      '/sys/fs/cgroup/outer/cgroup.controllers': 'cpu cpuset memory',
      '/sys/fs/cgroup/outer/inner/cgroup.controllers': 'cpu cpuset memory',
      '/sys/fs/cgroup/cpuset.cpus.effective': '0-3',
      '/sys/fs/cgroup/outer/cpu.max': quota,
      '/sys/fs/cgroup/outer/cpuset.cpus.effective': '0-3',
      '/sys/fs/cgroup/outer/cpu.stat': 'usage_usec 9000000',
      '/sys/fs/cgroup/outer/inner/cpu.max': 'max 100000',
      '/sys/fs/cgroup/outer/inner/cpuset.cpus.effective': cpuset,
      '/sys/fs/cgroup/outer/inner/cpu.stat': 'usage_usec 1000000',
    });
    expect(cpu).toEqual(expected);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['nothing at all', {}],
    ['no group', FOUR_CPUS],
    [
      'no limit',
      { ...IN_A_CONTAINER_V2, '/sys/fs/cgroup/cpu.max': 'max 100000', '/sys/fs/cgroup/memory.max': 'max' },
    ],
    [
      'limits beyond the machine',
      {
        ...IN_A_CONTAINER_V2,
        '/sys/fs/cgroup/cpu.max': '800000 100000',
        '/sys/fs/cgroup/cpu.stat': 'usage_usec 1',
        '/sys/fs/cgroup/memory.max': String(64 * GIB),
        '/sys/fs/cgroup/memory.current': '1',
      },
    ],
    [
      'limits that are not numbers',
      {
        ...IN_A_CONTAINER_V2,
        '/sys/fs/cgroup/cpu.max': 'lots of it',
        '/sys/fs/cgroup/memory.max': '0x7fff',
        '/sys/fs/cgroup/cpuset.cpus.effective': '0-',
      },
    ],
    [
      'limits of nothing',
      { ...IN_A_CONTAINER_V2, '/sys/fs/cgroup/cpu.max': '0 0', '/sys/fs/cgroup/memory.max': '' },
    ],
    [
      'a limit and nothing that says what is used',
      {
        ...IN_A_CONTAINER_V2,
        '/sys/fs/cgroup/cpu.max': '100000 100000',
        '/sys/fs/cgroup/memory.max': '1000000',
      },
    ],
    [
      'a file of groups that is garbage',
      { ...IN_A_CONTAINER_V2, '/proc/self/cgroup': 'garbage\n:::\n0::relative\n\u0000' },
    ],
    ['mounts that are garbage', { ...IN_A_CONTAINER_V2, '/proc/self/mountinfo': '1 2 3\n - \n- cgroup2' }],
  ])('are undefined with %s', (_, files) => {
    expect(limitsWith(files)).toEqual({ cpu: undefined, memory: undefined });
  });

  it('ignore a path that leaves the hierarchy', () => {
    const { memory } = limitsWith({
      ...IN_A_CONTAINER_V2,
      '/proc/self/cgroup': '0::/../../other',
      '/sys/fs/cgroup/memory.max': '1000',
      '/sys/fs/cgroup/memory.current': '10',
      '/sys/fs/other/memory.max': '1',
    });
    expect(memory).toEqual({ limit: 1000, used: 10 });
  });

  it('never show a negative usage if the cache grew between two reads', () => {
    const { memory } = limitsWith({
      ...IN_A_CONTAINER_V2,
      '/sys/fs/cgroup/memory.max': '1000',
      '/sys/fs/cgroup/memory.current': '10',
      '/sys/fs/cgroup/memory.stat': 'inactive_file 12',
    });
    expect(memory).toEqual({ limit: 1000, used: 0 });
  });
});

describe('a set of processors', () => {
  it.each([
    ['0', 1],
    ['0-3', 4],
    ['0-1,4,6-7\n', 5],
    ['', undefined],
    ['a-b', undefined],
    ['3-1', undefined],
  ])('%j has the size %s', (text, size) => {
    expect(sizeOfSet(text)).toBe(size);
  });
});
