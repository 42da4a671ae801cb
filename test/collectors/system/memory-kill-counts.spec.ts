import { describe, expect, it } from '@jest/globals';
import { LinuxFiles } from '../../../lib/collectors/system/linux-files.js';
import {
  MemoryKillCounts,
  type MemoryKillReading,
} from '../../../lib/collectors/system/memory-kill-counts.js';
import { Machine } from './machine.js';

const GIB = 1024 ** 3;
const VMSTAT = 'nr_free_pages 7\noom_kill 12\npgfault 9\n';

function readingOf(files: Readonly<Record<string, string>>): MemoryKillReading {
  using machine = new Machine(files);
  return new MemoryKillCounts(machine.files).read();
}

describe('the counts of kills for lack of memory', () => {
  it('are those of control groups of version 2', () => {
    expect(
      readingOf({
        '/proc/self/mountinfo': '30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw',
        '/proc/self/cgroup': '0::/app.slice',
        '/proc/vmstat': VMSTAT,
        '/sys/fs/cgroup/app.slice/cgroup.controllers': 'cpu memory',
        '/sys/fs/cgroup/app.slice/memory.max': String(GIB / 4),
        '/sys/fs/cgroup/app.slice/memory.current': String(GIB / 8),
        '/sys/fs/cgroup/app.slice/memory.events': 'low 0\noom 3\noom_kill 2\noom_group_kill 0\n',
      }),
    ).toEqual({
      group: expect.stringMatching(/^\d+ \/sys\/fs\/cgroup\/app.slice$/),
      limitBytes: GIB / 4,
      inGroup: 2,
      onMachine: 12,
    });
  });

  it('are those of control groups of version 1', () => {
    expect(
      readingOf({
        '/proc/self/mountinfo': '30 29 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
        '/proc/self/cgroup': '4:memory:/',
        '/proc/vmstat': VMSTAT,
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
        '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n',
      }),
    ).toEqual({
      group: expect.stringMatching(/^\d+ \/sys\/fs\/cgroup\/memory$/),
      limitBytes: 0,
      inGroup: 5,
      onMachine: 12,
    });
  });

  it('are unknown where the system does not tell', () => {
    expect(readingOf({})).toEqual({ group: '', limitBytes: 0, inGroup: -1, onMachine: -1 });
    expect(new MemoryKillCounts(new LinuxFiles('/nowhere')).read()).toMatchObject({ inGroup: -1 });
  });
});
