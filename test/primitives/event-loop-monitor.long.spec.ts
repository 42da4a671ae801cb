import { afterEach, describe, expect, it } from '@jest/globals';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { processChecks } from '../../lib/health/checks/process.checks.js';
import { resolveBuiltInChecks } from '../../lib/health/checks/built-in-checks.options.js';
import { EVENT_LOOP_WINDOW_MS, EventLoopMonitor } from '../../lib/primitives/event-loop-monitor.js';
import { eventually } from '../support/eventually.js';

let now = 0;
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** Waits until Node has looked at the event loop twice: a window begins with the first look. */
const looks = (): Promise<void> => sleep(130);

/** A monitor in use, whose first window is closed. */
async function inUse(): Promise<EventLoopMonitor> {
  const monitor = new EventLoopMonitor(() => now);
  ends.push(monitor.use());
  await looks();
  monitor.lastWindow();
  return monitor;
}

describe('the monitor of the event loop', () => {
  it('shows the start of the application to its first reader', async () => {
    const monitor = new EventLoopMonitor(() => now);
    expect(monitor.lastWindow()).toBeUndefined();
    ends.push(monitor.use());
    await looks();
    busy(300);
    await looks();
    expect(monitor.recentLag()).toBeGreaterThan(200);
    expect(monitor.lastWindow()?.lag?.max).toBeGreaterThan(200);
  });

  it('shows readers the same window until the next one is long enough', async () => {
    const monitor = await inUse();
    const first = monitor.lastWindow();
    now += EVENT_LOOP_WINDOW_MS - 1;
    await looks();
    expect(monitor.lastWindow()).toBe(first);
    now += 1;
    const second = monitor.lastWindow();
    expect(second).not.toBe(first);
    expect(monitor.lastWindow()).toBe(second);
  });

  it('shows a block at once as the recent lag, and no longer two windows later', async () => {
    const monitor = await inUse();
    await looks();
    busy(300);
    await eventually(() => expect(monitor.recentLag()).toBeGreaterThan(200));
    now += EVENT_LOOP_WINDOW_MS;
    expect(monitor.lastWindow()?.lag?.p99).toBeGreaterThan(200);
    expect(monitor.recentLag()).toBeGreaterThan(200);
    await eventually(async () => {
      now += EVENT_LOOP_WINDOW_MS;
      await looks();
      expect(monitor.recentLag()).toBeLessThan(200);
    });
  });

  it('looks less often while the process rests, and as before once it is busy', () => {
    const resolutions: number[] = [];
    const used = { active: 0, idle: 0 };
    const monitor = new EventLoopMonitor(() => now, {
      delays: (resolution) => {
        resolutions.push(resolution);
        return monitorEventLoopDelay({ resolution });
      },
      utilization: () => ({ ...used }),
    });
    const passWindow = (active: number) => {
      now += EVENT_LOOP_WINDOW_MS;
      used.active += active;
      used.idle += EVENT_LOOP_WINDOW_MS - active;
      expect(monitor.lastWindow()?.utilization).toBeCloseTo(active / EVENT_LOOP_WINDOW_MS);
    };
    ends.push(monitor.use());
    for (const active of [5_000, 20, 20]) passWindow(active);
    expect(resolutions).toEqual([50]);
    passWindow(20);
    expect(resolutions).toEqual([50, 100]);
    passWindow(20);
    expect(resolutions).toEqual([50, 100]);
    passWindow(5_000);
    expect(resolutions).toEqual([50, 100, 50]);
  });

  it('looks as before while something blocks a process that rests otherwise', () => {
    const resolutions: number[] = [];
    let idle = 0;
    const blocked = {
      count: 200,
      min: 50e6,
      max: 140e6,
      mean: 51e6,
      stddev: 1e6,
      percentile: () => 51e6,
      enable: () => true,
      disable: () => true,
      reset: () => undefined,
    } as unknown as IntervalHistogram;
    const monitor = new EventLoopMonitor(() => now, {
      delays: (resolution) => {
        resolutions.push(resolution);
        return blocked;
      },
      utilization: () => ({ active: 0, idle }),
    });
    ends.push(monitor.use());
    for (let i = 0; i < 10; i++) {
      now += EVENT_LOOP_WINDOW_MS;
      idle += EVENT_LOOP_WINDOW_MS;
      expect(monitor.lastWindow()?.lag?.max).toBe(90);
    }
    expect(resolutions).toEqual([50]);
  });

  it('runs until its last user ends, whoever ends twice', async () => {
    const monitor = await inUse();
    const end = monitor.use();
    end();
    end();
    await eventually(async () => {
      now += EVENT_LOOP_WINDOW_MS;
      await looks();
      expect(monitor.lastWindow()?.lag).toBeDefined();
    });
    for (const last of ends.splice(0)) last();
    expect(monitor.lastWindow()).toBeUndefined();
    expect(monitor.recentLag()).toBe(0);
    ends.push(monitor.use());
    await eventually(async () => {
      await looks();
      now += EVENT_LOOP_WINDOW_MS;
      expect(monitor.lastWindow()?.lag).toBeDefined();
    });
  });
});

describe('the health check of the event loop', () => {
  it('is degraded by a block, and by several that ask as by one', async () => {
    const monitor = await inUse();
    const [check] = processChecks({ ...resolveBuiltInChecks(), disk: false, memory: false }, monitor);
    if (check === undefined) throw new Error('the check is on by default');
    ends.push(() => check.stop?.());
    const statusOf = async () => (await check.check(AbortSignal.any([])))?.status;
    await eventually(async () => {
      now += EVENT_LOOP_WINDOW_MS;
      await looks();
      expect(await statusOf()).toBe('healthy');
    });
    await looks();
    busy(500);
    await eventually(async () => expect(await statusOf()).toBe('degraded'));
    expect(await statusOf()).toBe('degraded');
  });
});
