import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LinuxFiles } from '../../lib/collectors/system/linux-files.js';
import { LinuxSource } from '../../lib/collectors/system/linux.source.js';
import { eventually } from '../support/eventually.js';

const CPU = '/sys/fs/cgroup/cpu';
const CPUACCT = '/sys/fs/cgroup/cpuacct';
/** A twentieth of a processor: much less than what a process gets of a busy one, which would otherwise not be held up. */
const QUOTA_US = 5_000;
const PERIOD_US = 100_000;
/** The longest time between two looks of the kernel at what a process uses, on each of some processors. */
const TICK_S = 0.04;
const NAME = `nestjs-monitoring-${process.pid}`;

/** As a process sees `/proc` whose own entry is that of another one. */
class FilesOf extends LinuxFiles {
  constructor(private readonly pid: number) {
    super();
  }

  override read(path: string): string {
    return super.read(path.replace('/proc/self/', `/proc/${this.pid}/`));
  }
}

const reason = whyNot();
if (reason !== undefined) console.warn(`Skipped: the limit of a real control group. Reason: ${reason}.`);

(reason !== undefined ? describe.skip : describe)(
  `the limit of a real control group${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    const children: ChildProcess[] = [];

    beforeEach(() => {
      for (const hierarchy of [CPU, CPUACCT]) mkdirSync(`${hierarchy}/${NAME}`, { recursive: true });
      writeFileSync(`${CPU}/${NAME}/cpu.cfs_period_us`, String(PERIOD_US));
      writeFileSync(`${CPU}/${NAME}/cpu.cfs_quota_us`, String(QUOTA_US));
    });

    afterEach(async () => {
      for (const child of children.splice(0)) {
        const closed = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await closed;
      }
      // The kernel takes a moment to see that the group is empty.
      await eventually(() => {
        for (const hierarchy of [CPU, CPUACCT]) {
          if (existsSync(`${hierarchy}/${NAME}`)) rmdirSync(`${hierarchy}/${NAME}`);
        }
      });
    });

    it('is told, and that it holds a process up which would use more', async () => {
      const child = spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
      children.push(child);
      const { pid } = child;
      if (pid === undefined) throw new Error('the process did not start');
      for (const hierarchy of [CPU, CPUACCT]) writeFileSync(`${hierarchy}/${NAME}/cgroup.procs`, String(pid));
      const source = new LinuxSource(new FilesOf(pid));
      // Around both reads, since this process may be held up between a read and the clock.
      const startedAt = performance.now();
      const before = source.cpu();
      expect(before?.limit?.cores).toBe(QUOTA_US / PERIOD_US);
      await eventually(() => {
        const { throttling } = source.cpu()?.limit ?? {};
        expect(
          (throttling?.throttledPeriods ?? 0) - (before?.limit?.throttling?.throttledPeriods ?? 0),
        ).toBeGreaterThan(0);
        expect(throttling?.throttledSeconds).toBeGreaterThan(
          before?.limit?.throttling?.throttledSeconds ?? 0,
        );
      }, 30_000);
      const used = (source.cpu()?.limit?.usedSeconds ?? NaN) - (before?.limit?.usedSeconds ?? NaN);
      const seconds = (performance.now() - startedAt) / 1000;
      // A period more may have begun than has passed, and the kernel looks at its clock only now and then.
      expect(used).toBeLessThanOrEqual(((seconds + (2 * PERIOD_US) / 1e6) * QUOTA_US) / PERIOD_US + TICK_S);
      expect(used).toBeGreaterThan(0);
      // This process, outside of the group, is not limited by it.
      expect(new LinuxSource().cpu()?.limit?.cores).not.toBe(QUOTA_US / PERIOD_US);
    });
  },
);

/** Undefined if a group can be made here. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has control groups';
  if (!existsSync(`${CPU}/cpu.cfs_quota_us`) || !existsSync(`${CPUACCT}/cpuacct.usage`)) {
    return 'control groups of version 1 are not mounted';
  }
  try {
    for (const hierarchy of [CPU, CPUACCT]) accessSync(hierarchy, constants.W_OK);
    return undefined;
  } catch {
    return 'no right to make a control group';
  }
}
